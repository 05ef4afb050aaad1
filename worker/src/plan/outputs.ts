import { z } from 'zod';
import { type RungName, rungNames } from './ladder.ts';

/** What becomes of a film besides the stream: one file for each, made of the published renditions. */
export const fileFormats = ['mp4', 'webm', 'm4a', 'mp3', 'flac', 'gif'] as const;
export type FileFormat = (typeof fileFormats)[number];

/** A GIF of a longer film would be larger than its MP4, and no page loads it. */
export const longestGifSeconds = 15;

const rungs = rungNames.join('|');

/** `hls`, or a file: `mp4`, `webm` and `gif` of the rung named, of the largest without one; `m4a`, `mp3` and `flac` of each audio track. */
export const outputSchema = z
  .string()
  .regex(
    new RegExp(`^(hls|m4a|mp3|flac|(mp4|webm|gif)(:(${rungs}))?)$`),
    `expected hls, mp4, webm, m4a, mp3, flac or gif; mp4, webm and gif may name a rung: mp4:720p (${rungNames.join(', ')})`,
  );

export const outputsSchema = z
  .array(outputSchema)
  .min(1)
  .max(20)
  .refine((outputs) => new Set(outputs).size === outputs.length, 'expected each output once')
  .meta({ uniqueItems: true });

export type OutputName = z.infer<typeof outputSchema>;

export interface FileOutput {
  format: FileFormat;
  /** Undefined: the largest that the film has. Audio files have none. */
  rung?: RungName;
}

/** The files among the outputs. */
export function fileOutputs(outputs: readonly OutputName[]): FileOutput[] {
  return outputs.flatMap((output) => {
    if (output === 'hls') return [];
    const [format, rung] = output.split(':') as [FileFormat, RungName | undefined];
    return [{ format, ...(rung === undefined ? {} : { rung }) }];
  });
}

/** Whether a file is made of the published frames as they are. */
export function isCopied(format: FileFormat): format is 'mp4' | 'm4a' {
  return format === 'mp4' || format === 'm4a';
}

/** Whether a file of this format has the video of a rung. */
export function isOfRung(format: FileFormat): boolean {
  return format === 'mp4' || format === 'webm' || format === 'gif';
}

export function wantsVideo(outputs: readonly OutputName[]): boolean {
  return outputs.some((output) => /^(hls|mp4|webm|gif)/.test(output));
}
