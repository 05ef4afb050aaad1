import { expect, it } from 'vitest';
import { presetsSchema, withPreset } from '../../../worker/src/protocol/presets.ts';

const presets = presetsSchema.parse({
  social: { ladder: 'mobile', thumbnailAt: '25%', overlays: [{ text: 'example.com' }] },
  archive: { keepSource: true },
});

it("gives a job the preset's options, and those of its own before them", () => {
  expect(withPreset({ preset: 'social', thumbnailAt: 3, force: true }, presets)).toEqual({
    ladder: 'mobile',
    thumbnailAt: 3,
    force: true,
    overlays: [{ text: 'example.com' }],
  });
  expect(withPreset({ preset: 'social', overlays: [] }, presets).overlays).toEqual([]);
  expect(withPreset({ ladder: 'hd' }, presets)).toEqual({ ladder: 'hd' });
});

it('has a size and a fit for joined clips alone, as other jobs are refused with them', () => {
  const joined = presetsSchema.parse({ tall: { size: '1080x1920', fit: 'crop', ladder: 'hd' } });
  expect(withPreset({ preset: 'tall' }, joined)).toEqual({ ladder: 'hd' });
  expect(withPreset({ preset: 'tall', fit: 'pad' }, joined, true)).toEqual({
    ladder: 'hd',
    size: '1080x1920',
    fit: 'pad',
  });
});

it.each(['Social', 'constructor', 'toString', '__proto__'])(
  'knows no preset %s, and names those that there are',
  (preset) => {
    expect(() => withPreset({ preset }, presets)).toThrow(
      'names no preset of this farm: expected archive, social',
    );
    expect(() => withPreset({ preset }, {})).toThrow('this farm has no presets');
  },
);

it.each(['webhook', 'force', 'preset', 'addToFilm'])('holds no %s, which is for one job', (field) => {
  const values: Record<string, unknown> = {
    webhook: 'https://example.com',
    force: true,
    preset: 'x',
    addToFilm: true,
  };
  expect(presetsSchema.safeParse({ social: { [field]: values[field] } }).success).toBe(false);
});
