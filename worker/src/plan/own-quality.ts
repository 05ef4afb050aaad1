import { z } from 'zod';
import type { VideoEncoder } from './plan.ts';
import { type Quality, qualityNames } from './quality.ts';

const value = z.number().min(1).max(51);

const qualitiesSchema = z
  .strictObject({ saver: value, standard: value, high: value })
  .refine(
    ({ saver, standard, high }) => saver >= standard && standard >= high,
    `expected numbers that do not rise from ${qualityNames.join(' to ')}, as a lower one looks better`,
  );

/**
 * What `farm calibrate` writes: x264's CRF and NVENC's CQ by preset and quality, measured on the owner's films and machine. Presets that
 * are not in it have the farm's own (`quality-table.ts`).
 */
export const ownQualitySchema = z.strictObject({
  /** When, with what and on which films. */
  measured: z.string().max(1000).optional(),
  x264: z.record(z.string(), qualitiesSchema).optional(),
  nvenc: z.record(z.string(), qualitiesSchema).optional(),
});

export type OwnQuality = z.infer<typeof ownQualitySchema>;

/** What was measured for an encoder and its preset; undefined where nothing was. */
export function ownQualityOf(
  table: OwnQuality | undefined,
  { name, preset }: VideoEncoder,
  quality: Quality,
): number | undefined {
  const presets = table?.[name];
  return presets && Object.hasOwn(presets, preset) ? presets[preset]?.[quality] : undefined;
}
