import { describe, expect, it } from 'vitest';
import { encoderForViews, viewPresetsSchema, viewWarnings } from '../../../worker/src/plan/view-presets.ts';

const x264 = { name: 'x264', preset: 'veryfast', threads: 3 } as const;
const nvenc = { name: 'nvenc', preset: 'p5' } as const;
const steps = (fast: number) => [
  { from: 0, preset: 'superfast' as const },
  { from: fast, preset: 'slow' as const },
];
const viewPresets = { saver: steps(200), standard: steps(100), high: steps(50) };

describe('the preset for the views that are expected', () => {
  it('is the one that costs least from so many views on', () => {
    const presetOf = (expectedViews: number) => encoderForViews(x264, { viewPresets }, { expectedViews });
    expect(presetOf(0)).toEqual({ ...x264, preset: 'superfast' });
    expect(presetOf(99).preset).toBe('superfast');
    expect(presetOf(100)).toEqual({ ...x264, preset: 'slow' });
  });

  it('follows from the job before the farm, for views and for quality', () => {
    const farm = { viewPresets, expectedViews: 70, quality: 'standard' as const };
    expect(encoderForViews(x264, farm).preset).toBe('superfast');
    expect(encoderForViews(x264, farm, { quality: 'high' }).preset).toBe('slow');
    expect(encoderForViews(x264, farm, { expectedViews: 1000 }).preset).toBe('slow');
  });

  it('is the farm’s where no views are stated, nothing was estimated, or NVENC encodes', () => {
    expect(encoderForViews(x264, { viewPresets })).toBe(x264);
    expect(encoderForViews(x264, { expectedViews: 1000 })).toBe(x264);
    expect(encoderForViews(nvenc, { viewPresets, expectedViews: 1000 })).toBe(nvenc);
  });

  it('has a warning where the views of a job choose nothing', () => {
    expect(viewWarnings(x264, { viewPresets }, { expectedViews: 5 })).toEqual([]);
    expect(viewWarnings(x264, {}, {})).toEqual([]);
    expect(viewWarnings(x264, {}, { expectedViews: 5 }).join()).toMatch(/its setting expectedViews is empty/);
    expect(viewWarnings(nvenc, { viewPresets }, { expectedViews: 5 }).join()).toMatch(/NVENC/);
  });

  it('is none but a preset of x264', () => {
    const wrong = { ...viewPresets, high: [{ from: 0, preset: 'p5' }] };
    expect(viewPresetsSchema.safeParse(viewPresets).success).toBe(true);
    expect(viewPresetsSchema.safeParse(wrong).success).toBe(false);
  });
});
