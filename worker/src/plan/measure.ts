import { z } from 'zod';

/** `vmaf`: a sample of the published film is compared with its source. */
export const measureNames = ['off', 'vmaf'] as const;

export const minVmafSchema = z
  .number()
  .min(1)
  .max(100)
  .describe('With "measure": a film whose VMAF is lower gets a warning, such as 85');

/** In the order of preference. Not XPSNR: the filter of ffmpeg 7.1 crashes where a stream names no rate of frames, as behind `setpts`. */
export const metricNames = ['vmaf', 'ssim'] as const;
export type Metric = (typeof metricNames)[number];

/** Filters of ffmpeg by what they measure. */
const filterOf: Readonly<Record<Metric, string>> = { vmaf: 'libvmaf', ssim: 'ssim' };

/** What an ffmpeg with these filters measures: VMAF where it can, otherwise SSIM; undefined for none. */
export function metricOf(filters: ReadonlySet<string>): Metric | undefined {
  return metricNames.find((metric) => filters.has(filterOf[metric]));
}

/** A stretch of a rendition, from the start of one of its segments. */
export interface Sample {
  /** Of the segment. */
  number: number;
  /** The plan's part that it is of, and how much of that comes before it. */
  part: number;
  beforeSeconds: number;
  /** Film time of its first frame. */
  startSeconds: number;
  seconds: number;
}

/**
 * So many stretches of at most so many seconds are compared: 12 s of a film, whatever its length. Each begins at most so long after its
 * part does, from where its source is read.
 */
const samples = { count: 4, seconds: 3, beforeSeconds: 20 };

/** Stretches that lie evenly over the film; all segments where they are few. */
export function chooseSamples(all: readonly Sample[]): Sample[] {
  const { count, seconds } = samples;
  const segments = all.filter(({ beforeSeconds }) => beforeSeconds <= samples.beforeSeconds);
  const chosen =
    segments.length <= count
      ? segments
      : Array.from({ length: count }, (_, n) => {
          const at = Math.floor(((n + 0.5) * segments.length) / count);
          return segments[at] as Sample;
        });
  return chosen.map((segment) => ({ ...segment, seconds: Math.min(segment.seconds, seconds) }));
}

/** What was measured of a film. */
export const measuredSchema = z.object({
  metric: z.enum(metricNames),
  /** The rendition that was compared with the source, in its size. */
  rendition: z.string(),
  /** On average over the frames that were looked at: VMAF from 0 to 100, SSIM from 0 to 1. */
  mean: z.number(),
  /** A twentieth of those frames is worse. */
  fifthPercentile: z.number(),
  frames: z.number().int(),
  /** How much of the film they are from. */
  seconds: z.number(),
});

export type Measured = z.infer<typeof measuredSchema>;

/** @param minVmaf undefined: any will do */
export function measuredWarnings(
  { metric, rendition, mean }: Measured,
  minVmaf: number | undefined,
): string[] {
  if (minVmaf === undefined) return [];
  if (metric !== 'vmaf')
    return [
      `the worker's ffmpeg has no libvmaf, so ${metric.toUpperCase()} was measured, and whether the film has the VMAF of ${minVmaf} that was asked for is not known`,
    ];
  if (mean >= minVmaf) return [];
  return [
    `${rendition} has a VMAF of ${mean.toFixed(1)}, less than the ${minVmaf} that was asked for: choose a higher quality, a slower preset or a higher bitrate in the ladder`,
  ];
}
