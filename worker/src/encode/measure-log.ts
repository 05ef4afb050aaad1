import type { Metric } from '../plan/measure.ts';

/** The score of each frame that was looked at, from what the filter of the metric wrote. */
export function readScores(metric: Metric, log: string): number[] {
  if (metric === 'vmaf') {
    const { frames } = JSON.parse(log) as { frames: { metrics: { vmaf: number } }[] };
    // Motion is a part of VMAF, and the first frame has none yet.
    return frames.slice(1).map(({ metrics }) => metrics.vmaf);
  }
  return log.split('\n').flatMap((line) => {
    const score = /All:([\d.]+)/.exec(line)?.[1];
    return score === undefined ? [] : [Number(score)];
  });
}

/** @throws Error where no frame was looked at */
export function poolScores(scores: readonly number[]): { mean: number; fifthPercentile: number } {
  if (scores.length === 0) throw new Error('no frame of it was compared');
  const sorted = scores.toSorted((a, b) => a - b);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return { mean, fifthPercentile: sorted[Math.floor(scores.length * 0.05)] ?? 0 };
}
