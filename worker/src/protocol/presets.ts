import { z } from 'zod';
import { type JobOptions, jobOptionsSchema, presetNameSchema } from './job.ts';

/**
 * Options that the farm's owner keeps under a name. What belongs to one job alone is not among them, nor a webhook, which a
 * farm may not let its jobs name.
 */
const presetSchema = jobOptionsSchema.omit({
  preset: true,
  addToFilm: true,
  subtitles: true,
  removeSubtitles: true,
  force: true,
  webhook: true,
  batch: true,
});

export const presetsSchema = z.record(presetNameSchema, presetSchema);

export type Presets = z.infer<typeof presetsSchema>;

/** The farm has no such preset. The message is the rest of a sentence about its name. */
export class UnknownPresetError extends Error {
  override readonly name = 'UnknownPresetError';
}

/**
 * A job's options with those of the preset that it names behind them.
 * @param isJoined of several clips, which alone take a size, a fit and crossfades
 * @throws UnknownPresetError
 */
export function withPreset(options: JobOptions, presets: Presets, isJoined = false): JobOptions {
  const { preset, ...own } = options;
  if (preset === undefined) return own;
  const named = Object.hasOwn(presets, preset) ? presets[preset] : undefined;
  if (named !== undefined) {
    const { fit, size, crossfade, ...ofAll } = named;
    return { ...(isJoined ? named : ofAll), ...own };
  }
  const names = Object.keys(presets).sort();
  const there = names.length > 0 ? `expected ${names.join(', ')}` : 'this farm has no presets';
  throw new UnknownPresetError(`names no preset of this farm: ${there}`);
}
