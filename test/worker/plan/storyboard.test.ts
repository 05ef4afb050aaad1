import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planParts } from '../../../worker/src/plan/parts.ts';
import { planStoryboard } from '../../../worker/src/plan/storyboard.ts';

const encoder = { name: 'x264', preset: 'veryfast' } as const;
const wide = { width: 1920, height: 1080 };

function storyboard(seconds: number, size = wide, partSeconds?: number) {
  const request = { videoEndSeconds: seconds, segmentSeconds: 6, encoder, indexed: true, partSeconds };
  return planStoryboard(size, seconds, planParts(request));
}

describe('planStoryboard', () => {
  it.each([
    [0, { intervalSeconds: 1, columns: 1, rows: 1 }],
    [2, { intervalSeconds: 1, columns: 2, rows: 1 }],
    [10, { intervalSeconds: 1, columns: 10, rows: 1 }],
    [80, { intervalSeconds: 2, columns: 10, rows: 4 }],
    [600, { intervalSeconds: 12, columns: 5, rows: 1 }],
    [7200, { intervalSeconds: 18, columns: 4, rows: 1 }],
  ])('of %d s has %j', (seconds, expected) => {
    expect(storyboard(seconds)).toMatchObject(expected);
  });

  it.each([
    [1920, 1080, 160, 90],
    [1080, 1920, 90, 160],
    [1000, 1000, 160, 160],
    [1920, 800, 160, 66],
    [64, 36, 64, 36],
  ])('has tiles in the shape of a film of %dx%d', (width, height, tileWidth, tileHeight) => {
    expect(storyboard(60, { width, height })).toMatchObject({ tileWidth, tileHeight });
  });

  it('has a tile in every part, and room for all of its tiles on one sheet when parts are as long as by default', () => {
    const seconds = fc.double({ min: 0.1, max: 30_000, noNaN: true });
    const part = fc.option(fc.double({ min: 2, max: 60, noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(seconds, part, (end, partSeconds) => {
        const request = { videoEndSeconds: end, segmentSeconds: 6, encoder, indexed: true, partSeconds };
        const parts = planParts(request);
        const { intervalSeconds, columns, rows } = planStoryboard(wide, end, parts);
        expect(intervalSeconds).toBeGreaterThanOrEqual(1);
        const lengths = parts.flatMap((item) =>
          item.kind === 'video' ? [(item.endSeconds ?? end) - item.startSeconds] : [],
        );
        expect(lengths.filter((length) => length >= 1 && length < intervalSeconds)).toEqual([]);
        expect(Math.ceil(Math.max(...lengths) / intervalSeconds)).toBeLessThanOrEqual(columns * rows);
        expect(Math.max(columns, rows)).toBeLessThanOrEqual(10);
      }),
    );
  });
});
