import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import type { PartRecord } from '../../../worker/src/protocol/part-record.ts';
import { withClearSteps } from '../../../worker/src/publish/clear-steps.ts';
import { planOf, recordsOf, videoRendition } from '../../helpers/media/published.ts';

const renditions = [
  videoRendition('1080p', 1920, 1080),
  videoRendition('720p', 1280, 720),
  videoRendition('540p', 960, 540),
  videoRendition('360p', 640, 360),
];
const { video } = planOf();
if (!video) throw new Error('This plan was to have a picture.');
const plan = planOf({ video: { ...video, renditions } });

/** A film whose renditions have these bytes in each of two segments. */
function named(...bytes: number[]): string[] | undefined {
  const records = recordsOf(plan, [
    { seconds: 6, bytes: 1 },
    { seconds: 6, bytes: 1 },
  ]).map(
    (record): PartRecord => ({
      ...record,
      renditions: record.renditions.map((rendition, n) => ({
        ...rendition,
        initBytes: 0,
        segments: rendition.segments.map((segment) => ({ ...segment, bytes: bytes[n] ?? 1000 })),
      })),
    }),
  );
  const clear: Plan = withClearSteps(plan, records);
  return clear.video?.renditions.map(({ name }) => name);
}

describe('withClearSteps', () => {
  it('keeps renditions that are each a tenth smaller than the one above', () => {
    expect(named(100_000, 90_000, 81_000, 72_900)).toEqual(['1080p', '720p', '540p', '360p']);
  });

  it('leaves out a rendition that is hardly smaller than the one above, or larger', () => {
    expect(named(100_000, 90_001, 40_000, 41_000)).toEqual(['1080p', '540p']);
  });

  it('compares with the one above that stays, so that many small steps make one', () => {
    expect(named(100_000, 95_000, 90_000, 50_000)).toEqual(['1080p', '540p', '360p']);
  });

  it('has nothing to leave out of a film without a picture', () => {
    const sound = planOf({ video: undefined });
    expect(withClearSteps(sound, recordsOf(sound, [{ seconds: 6, bytes: 1 }]))).toBe(sound);
  });
});
