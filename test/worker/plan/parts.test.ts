import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  audioPartSeconds,
  evenVideoParts,
  type PartsRequest,
  planClipParts,
  planParts,
  segmentCuts,
} from '../../../worker/src/plan/parts.ts';
import type { VideoPart, VideoPlan } from '../../../worker/src/plan/plan.ts';

const x264 = { name: 'x264', preset: 'veryfast' } as const;
const nvenc = { name: 'nvenc', preset: 'p5' } as const;

function request(changes: Partial<PartsRequest>): PartsRequest {
  return { segmentSeconds: 6, encoder: x264, indexed: true, ...changes };
}

function ranges(changes: Partial<PartsRequest>) {
  return planParts(request(changes)).map((part) =>
    part.kind !== 'video' ? part.kind : `${part.startSeconds}-${part.endSeconds ?? ''}`,
  );
}

describe('planParts', () => {
  it('cuts a minute each with x264, and five with NVENC', () => {
    expect(ranges({ videoEndSeconds: 200 })).toEqual(['0-60', '60-120', '120-']);
    expect(ranges({ videoEndSeconds: 1000, encoder: nvenc })).toEqual(['0-300', '300-600', '600-']);
  });

  it('rounds the length that is asked for to whole segments', () => {
    expect(ranges({ videoEndSeconds: 30, partSeconds: 10 })).toEqual(['0-12', '12-24', '24-']);
    expect(ranges({ videoEndSeconds: 20, partSeconds: 2 })).toEqual(['0-6', '6-12', '12-']);
  });

  it('joins a short last part to the one before', () => {
    expect(ranges({ videoEndSeconds: 149.9 })).toEqual(['0-60', '60-']);
    expect(ranges({ videoEndSeconds: 150 })).toEqual(['0-60', '60-120', '120-']);
  });

  it('does not cut films shorter than a part and a half, nor those without an index', () => {
    expect(ranges({ videoEndSeconds: 89 })).toEqual(['0-']);
    expect(ranges({ videoEndSeconds: 3600, indexed: false })).toEqual(['0-']);
  });

  it('makes the first segment a part where the film is played early, and leaves the other parts as they are', () => {
    const early = (changes: Partial<PartsRequest>) => ranges({ ...changes, isPlayedEarly: true });
    expect(early({ videoEndSeconds: 200 })).toEqual(['0-6', '6-60', '60-120', '120-']);
    expect(early({ videoEndSeconds: 24 })).toEqual(['0-6', '6-']);
    expect(early({ videoEndSeconds: 72, partSeconds: 24 })).toEqual(['0-6', '6-24', '24-48', '48-']);
    expect(early({ videoEndSeconds: 60, partSeconds: 18 })).toEqual(
      ranges({ videoEndSeconds: 60, partSeconds: 18 }),
    );
    expect(early({ videoEndSeconds: 18 })).toEqual(['0-']);
    expect(early({ videoEndSeconds: 3600, indexed: false })).toEqual(['0-']);
    expect(early({ audioEndSeconds: 600 })).toEqual(['audio']);
  });

  it('of a film that is played early can be shared by as many workers as without its short first part', () => {
    const count = (changes: Partial<PartsRequest>) =>
      evenVideoParts({
        parts: planParts(request(changes)),
        video: { durationSeconds: changes.videoEndSeconds ?? 0 } as VideoPlan,
      });
    for (const videoEndSeconds of [5, 18, 18.5, 24, 60, 100, 200, 7200]) {
      expect(count({ videoEndSeconds, isPlayedEarly: true })).toBe(count({ videoEndSeconds }));
    }
    expect(count({ videoEndSeconds: 18.5, isPlayedEarly: true })).toBe(1);
  });

  it('cuts sound that can be cut, on the same grid', () => {
    const audio = { videoEndSeconds: 30, audioEndSeconds: 43.7, segmentSeconds: 2, audioPartSeconds: 12 };
    const parts = planParts(request(audio)).filter((part) => part.kind === 'audio');
    expect(parts.map(({ index, startSeconds, endSeconds }) => [index, startSeconds, endSeconds])).toEqual([
      [1, 0, 12],
      [2, 12, 24],
      [3, 24, 36],
      [4, 36, undefined],
    ]);
    expect(parts.map(({ firstSegment, segmentCuts }) => [firstSegment, segmentCuts.at(-1)])).toEqual([
      [0, 10],
      [6, 22],
      [12, 34],
      [18, 42],
    ]);
  });

  it('does not cut sound shorter than a part and a half', () => {
    const parts = planParts(request({ audioEndSeconds: 17.9, audioPartSeconds: 12 }));
    expect(parts).toEqual([{ kind: 'audio', index: 0, firstSegment: 0, segmentCuts: [6, 12] }]);
  });

  it('makes parts of several tracks take as long as those of one', () => {
    expect([audioPartSeconds(1), audioPartSeconds(4), audioPartSeconds(1, 6)]).toEqual([600, 150, 60]);
  });

  it('puts all sound that cannot be cut into one part, the last', () => {
    expect(planParts(request({ videoEndSeconds: 14, audioEndSeconds: 13 }))).toEqual([
      {
        kind: 'video',
        index: 0,
        startSeconds: 0,
        endSeconds: undefined,
        firstSegment: 0,
        segmentCuts: [6, 12],
      },
      { kind: 'audio', index: 1, firstSegment: 0, segmentCuts: [6, 12] },
    ]);
  });

  it('has one part for sound alone', () => {
    expect(planParts(request({ audioEndSeconds: 8 }))).toEqual([
      { kind: 'audio', index: 0, firstSegment: 0, segmentCuts: [6] },
    ]);
  });

  it('covers the whole film on the grid of segments, without gap and without overlap', () => {
    const asked = fc.record({
      videoEndSeconds: fc.double({ min: 0.04, max: 30_000, noNaN: true }),
      segmentSeconds: fc.integer({ min: 1, max: 30 }),
      partSeconds: fc.option(fc.double({ min: 2, max: 3600, noNaN: true }), { nil: undefined }),
      encoder: fc.constantFrom(x264, nvenc),
      indexed: fc.boolean(),
      isPlayedEarly: fc.boolean(),
    });
    fc.assert(
      fc.property(asked, (changes) => {
        const { videoEndSeconds: end, segmentSeconds } = changes;
        const parts = planParts(changes) as VideoPart[];
        const starts: number[] = [];
        for (const [n, part] of parts.entries()) {
          expect(part.index).toBe(n);
          expect(part.startSeconds).toBe(n === 0 ? 0 : parts[n - 1]?.endSeconds);
          expect(part.firstSegment).toBe(starts.length);
          expect(part.startSeconds).toBeLessThan(end);
          starts.push(part.startSeconds, ...part.segmentCuts);
        }
        expect(parts.at(-1)?.endSeconds).toBeUndefined();
        expect(starts).toEqual(starts.map((_, n) => n * segmentSeconds));
        // The last segment reaches the end, and is at most what Apple allows.
        const last = end - (starts.at(-1) ?? 0);
        expect(last).toBeGreaterThan(0);
        expect(last).toBeLessThan(segmentSeconds + 0.5);
      }),
    );
  });
});

describe('planClipParts', () => {
  it('makes the first segment of the first clip a part where the film is played early', () => {
    const clips = [
      { clip: 0, startSeconds: 0, endSeconds: 20, indexed: true },
      { clip: 1, startSeconds: 20, endSeconds: 40, indexed: true },
    ];
    const planned = (isPlayedEarly: boolean) =>
      planClipParts(clips, {
        ...{ segmentSeconds: 6, encoder: x264, hasVideo: true, hasAudio: true, isPlayedEarly },
      });
    const bounds = planned(true).flatMap((part) =>
      part.kind === 'video' ? [[part.clip, part.startSeconds, part.endSeconds, part.firstSegment]] : [],
    );
    expect(bounds).toEqual([
      [0, 0, 6, 0],
      [0, 6, 20, 1],
      [1, 20, 40, 4],
    ]);
    expect(planned(true).at(-1)?.segmentCuts).toEqual(planned(false).at(-1)?.segmentCuts);
  });
});

describe('segmentCuts', () => {
  it.each([
    [0.04, []],
    [6, []],
    [6.4, []],
    [6.41, [6]],
    [12.012, [6]],
    [18.5, [6, 12, 18]],
  ])('of a film of %d s are %j', (end, cuts) => {
    expect(segmentCuts(end, 6)).toEqual(cuts);
  });
});
