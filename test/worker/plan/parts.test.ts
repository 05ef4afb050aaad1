import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  audioPartSeconds,
  type PartsRequest,
  planParts,
  segmentCuts,
} from '../../../worker/src/plan/parts.ts';
import type { VideoPart } from '../../../worker/src/plan/plan.ts';

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
