import { describe, expect, it } from 'vitest';
import { countPlacements, cutVtt } from '../../../worker/src/text/write-vtt.ts';

const cue = (startMs: number, endMs: number, text: string) => ({ startMs, endMs, text });

describe('cutVtt', () => {
  it('puts a cue that crosses a cut into both segments, and leaves silent ones empty', () => {
    const cues = [cue(500, 1500, 'a'), cue(1800, 4200, 'b'), cue(2000, 2500, 'c'), cue(9000, 9500, 'behind')];
    const segments = [...cutVtt(cues, [0, 2, 4, 6, 7], 10)];
    expect(
      segments.map(({ number, startSeconds, durationSeconds }) => [number, startSeconds, durationSeconds]),
    ).toEqual([
      [0, 0, 2],
      [1, 2, 2],
      [2, 4, 2],
      [3, 6, 1],
    ]);
    const said = segments.map(({ text }) =>
      [...text.matchAll(/^(?!WEBVTT|X-|\d\d:)(.+)$/gm)].map(([line]) => line),
    );
    expect(said).toEqual([['a', 'b'], ['b', 'c'], ['b'], ['behind']]);
    expect(segments[1]?.text).toBe(
      'WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n00:00:01.800 --> 00:00:04.200\nb\n\n00:00:02.000 --> 00:00:02.500\nc\n',
    );
  });
});

it('countPlacements counts a cue once for each segment that it is shown in', () => {
  const cuts = Array.from({ length: 601 }, (_, n) => n * 6);
  expect(countPlacements([cue(0, 3_600_000, 'an hour'), cue(0, 100, 'a moment')], cuts)).toBeCloseTo(602, 0);
  expect(countPlacements([cue(0, 3_600_000, 'an hour')], [0, 2, 3])).toBeCloseTo(3, 0);
});
