import { z } from 'zod';

/** Names a rendition by its short side, whatever the film's shape. */
export const rungNames = ['2160p', '1440p', '1080p', '720p', '540p', '480p', '360p', '240p'] as const;
export type RungName = (typeof rungNames)[number];

/** Ladders that can be asked for by name. */
export const ladderNames = ['standard', 'mobile', 'hd'] as const;

/**
 * A ladder: by name, or spelled out. `bitrate` is the target in bits per second at up to 30 frames per second; without
 * it the rung's own.
 */
export const ladderSchema = z.union([
  z.enum(ladderNames),
  z
    .array(
      z.strictObject({
        rung: z.enum(rungNames),
        bitrate: z.number().int().min(50_000).max(100_000_000).optional(),
      }),
    )
    .min(1)
    .max(rungNames.length),
]);

export type Ladder = z.infer<typeof ladderSchema>;
