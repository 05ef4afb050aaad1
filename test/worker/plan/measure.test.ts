import { describe, expect, it } from 'vitest';
import { readScores } from '../../../worker/src/encode/measure-log.ts';
import {
  chooseSamples,
  type Measured,
  measuredWarnings,
  metricOf,
  type Sample,
} from '../../../worker/src/plan/measure.ts';

/** Segments of 6 s in parts of a minute. */
const segments = (count: number, partSeconds = 60): Sample[] =>
  Array.from({ length: count }, (_, number) => ({
    number,
    part: Math.floor((number * 6) / partSeconds),
    beforeSeconds: (number * 6) % partSeconds,
    startSeconds: number * 6,
    seconds: 6,
  }));

describe('samples of a film', () => {
  it('are four stretches of three seconds that lie evenly over a long film', () => {
    const chosen = chooseSamples(segments(1000));
    expect(chosen.map(({ seconds }) => seconds)).toEqual([3, 3, 3, 3]);
    const places = chosen.map(({ startSeconds }) => startSeconds / 6000);
    for (const [n, place] of places.entries()) expect(Math.abs(place - (n + 0.5) / 4)).toBeLessThan(0.02);
  });

  it('are all segments of a short film, to their ends', () => {
    const short = segments(2).map((segment) => ({ ...segment, seconds: 2 }));
    expect(chooseSamples(short)).toEqual(short);
  });

  it('lie where little of a part has to be read before them', () => {
    for (const film of [segments(1000), segments(1000, 6000)])
      for (const { beforeSeconds } of chooseSamples(film)) expect(beforeSeconds).toBeLessThanOrEqual(20);
  });
});

describe('what a film is measured by', () => {
  it('is VMAF where ffmpeg has libvmaf, and SSIM otherwise', () => {
    expect(metricOf(new Set(['ssim', 'libvmaf', 'scale']))).toBe('vmaf');
    expect(metricOf(new Set(['ssim', 'xpsnr']))).toBe('ssim');
    expect(metricOf(new Set(['scale']))).toBeUndefined();
  });

  it('is read frame by frame, without the first one of VMAF', () => {
    const frames = [0, 93.5, 95].map((vmaf) => ({ metrics: { vmaf } }));
    expect(readScores('vmaf', JSON.stringify({ frames }))).toEqual([93.5, 95]);
    const lines = 'n:1 Y:0.98 U:0.99 V:0.99 All:0.985000 (18.2)\nn:2 Y:1 U:1 V:1 All:1.000000 (inf)\n';
    expect(readScores('ssim', lines)).toEqual([0.985, 1]);
  });
});

describe('a film that looks worse than it is to', () => {
  const measured: Measured = {
    metric: 'vmaf',
    rendition: '1080p',
    mean: 84.46,
    fifthPercentile: 80,
    frames: 60,
    seconds: 12,
  };

  it('has a warning that names the figure and what was asked for', () => {
    expect(measuredWarnings(measured, 85)).toEqual([
      expect.stringMatching(/^1080p has a VMAF of 84\.5, less than the 85 that was asked for/),
    ]);
    expect(measuredWarnings(measured, 84)).toEqual([]);
    expect(measuredWarnings(measured, undefined)).toEqual([]);
  });

  it('is not known by another measure than VMAF', () => {
    expect(measuredWarnings({ ...measured, metric: 'ssim', mean: 0.9 }, 85).join()).toMatch(
      /SSIM was measured/,
    );
  });
});
