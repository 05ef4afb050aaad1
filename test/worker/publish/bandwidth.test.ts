import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureBandwidth } from '../../../worker/src/publish/bandwidth.ts';

describe('measureBandwidth', () => {
  it('takes the largest rate of a run between half and one and a half target durations', () => {
    const pieces = [
      { bytes: 750_000, durationSeconds: 6 },
      { bytes: 1_500_000, durationSeconds: 6 },
      // Alone too short to count, but it counts together with the one before.
      { bytes: 1_000_000, durationSeconds: 1 },
    ];
    expect(measureBandwidth(pieces, 6)).toEqual({
      peak: Math.ceil((2_500_000 * 8) / 7),
      average: (3_250_000 * 8) / 13,
    });
  });

  it('takes a film whole that is shorter than half a target duration', () => {
    expect(measureBandwidth([{ bytes: 1000, durationSeconds: 1 }], 6)).toEqual({ peak: 8000, average: 8000 });
  });

  it('never has a peak below the average or below any full segment', () => {
    const piece = fc.record({
      bytes: fc.integer({ min: 1, max: 1e8 }),
      durationSeconds: fc.double({ min: 0.04, max: 6.5, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 60 }), (pieces) => {
        const { peak, average } = measureBandwidth(pieces, 6);
        expect(peak).toBeGreaterThanOrEqual(average);
        for (const { bytes, durationSeconds } of pieces) {
          if (durationSeconds >= 3)
            expect(peak).toBeGreaterThanOrEqual(Math.floor((bytes * 8) / durationSeconds));
        }
      }),
    );
  });
});
