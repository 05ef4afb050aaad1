import { describe, expect, it } from 'vitest';
import { encoderQuality } from '../../../worker/src/plan/encoder-quality.ts';
import { qualityNames } from '../../../worker/src/plan/quality.ts';
import { qualityTable } from '../../../worker/src/plan/quality-table.ts';
import { environmentSchema } from '../../../worker/src/settings/environment.ts';

const presets = environmentSchema.shape.X264_PRESET.unwrap().options;

describe('encoderQuality', () => {
  it('falls from saver to high with every preset, within what x264 is good for', () => {
    for (const preset of presets) {
      const crfs = qualityNames.map((quality) => encoderQuality({ name: 'x264', preset }, quality));
      expect(crfs).toEqual(crfs.toSorted((a, b) => b - a));
      expect(new Set(crfs).size).toBe(qualityNames.length);
      expect(Math.min(...crfs)).toBeGreaterThanOrEqual(12);
      expect(Math.max(...crfs)).toBeLessThanOrEqual(38);
    }
  });

  it('is in half points for x264 and whole ones for NVENC, whose scale lies four points higher', () => {
    expect(encoderQuality({ name: 'x264', preset: 'medium' }, 'standard') * 2).toSatisfy(Number.isInteger);
    const nvenc = encoderQuality({ name: 'nvenc', preset: 'p5' }, 'standard');
    expect(nvenc).toBe(Math.round(qualityTable.crf.standard + 4));
  });

  it('knows a shift for every preset', () => {
    expect(Object.keys(qualityTable.presetShift).sort()).toEqual([...presets].sort());
    expect(qualityTable.presetShift.veryfast).toBe(0);
  });
});
