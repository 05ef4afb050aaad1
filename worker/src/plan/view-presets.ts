import { z } from 'zod';
import type { VideoEncoder } from './plan.ts';
import { defaultQuality, type Quality, qualityNames } from './quality.ts';

/** The quickest first. */
export const x264Presets = [
  'ultrafast',
  'superfast',
  'veryfast',
  'faster',
  'fast',
  'medium',
  'slow',
  'slower',
  'veryslow',
] as const;

export const expectedViewsSchema = z
  .number()
  .int()
  .min(0)
  .max(1e9)
  .describe(
    'How often the film will be watched: chooses the preset with which making, a year of storage and delivery together cost least',
  );

/**
 * The preset that costs least from so many views on, for each quality. Estimated when the farm is deployed, where its machines, storage and
 * prices are known (`tools/cost/view-presets.ts`).
 */
export const viewPresetsSchema = z.record(
  z.enum(qualityNames),
  z.array(z.strictObject({ from: z.number().min(0), preset: z.enum(x264Presets) })).min(1),
);

export type ViewPresets = z.infer<typeof viewPresetsSchema>;

interface Views {
  quality?: Quality | undefined;
  expectedViews?: number | undefined;
}

/** The encoder with the preset that pays for as many views as are expected; as it is where nothing is expected, or nothing was estimated. */
export function encoderForViews(
  encoder: VideoEncoder,
  farm: Views & { viewPresets?: ViewPresets | undefined },
  job: Views = {},
): VideoEncoder {
  const views = job.expectedViews ?? farm.expectedViews;
  const steps = farm.viewPresets?.[job.quality ?? farm.quality ?? defaultQuality];
  if (encoder.name !== 'x264' || views === undefined || steps === undefined) return encoder;
  const preset = steps.findLast(({ from }) => from <= views)?.preset ?? encoder.preset;
  return { ...encoder, preset };
}

/** Why a job's views change nothing. */
export function viewWarnings(
  encoder: VideoEncoder,
  { viewPresets }: { viewPresets?: ViewPresets | undefined },
  { expectedViews }: Views,
): string[] {
  if (expectedViews === undefined || (encoder.name === 'x264' && viewPresets !== undefined)) return [];
  const why =
    encoder.name === 'nvenc' ? 'no preset of NVENC was measured' : 'its setting expectedViews is empty';
  return [`the expected views choose no preset on this farm: ${why}`];
}
