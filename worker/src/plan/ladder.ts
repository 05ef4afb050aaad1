import { z } from 'zod';

/**
 * Names a rendition by the 16:9 box that it fits into, laid on its side for portrait films: 1080p is at most 1920x1080
 * or 1080x1920. For films between 16:9 and 9:16 that is the short side; a 1920x800 film is 1080p too, as everywhere.
 */
export const rungNames = ['2160p', '1440p', '1080p', '720p', '540p', '480p', '360p', '240p'] as const;
export type RungName = (typeof rungNames)[number];

/** Ladders that can be asked for by name. */
export const ladderNames = ['standard', 'mobile', 'hd'] as const;

/**
 * A ladder: by name, or spelled out. `bitrate` is what a 16:9 film at up to 30 frames per second has on average at most,
 * in bits per second; those of other shapes and rates follow from it. Without it, the rung has its own.
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
    .max(rungNames.length)
    .refine(
      (rungs) => new Set(rungs.map(({ rung }) => rung)).size === rungs.length,
      'expected each rung once',
    )
    .refine(descends, 'expected a smaller bitrate for each smaller rung (rungs without one have their own)'),
]);

export type Ladder = z.infer<typeof ladderSchema>;

export interface Rung {
  name: RungName;
  /** Of the 16:9 box: its short side. The long one is 16/9 of it. */
  shortSide: number;
  /** Most bits per second, on average, of a 16:9 film at up to 30 frames per second. */
  bitrate: number;
}

/**
 * Bits per second at up to 30 frames per second.
 * 1080p, 720p, 540p: the H.264 rows of that size in Apple's HLS authoring specification (the lower of two).
 * 480p: between its rows for 432 lines (1100 kb/s) and 540 lines (2000 kb/s).
 * 360p, 240p: steps of about two below, as Apple's own for 360 and 234 lines (365 and 145 kb/s) are meant for cellular
 * links and leave a player that falls from 540p a fifth of its bits.
 * 1440p, 2160p: Apple has none for H.264; YouTube's upload rates there are 2 and 4.375 times that of 1080p.
 * https://developer.apple.com/documentation/http-live-streaming/hls-authoring-specification-for-apple-devices
 * https://support.google.com/youtube/answer/1722171
 */
const bitrates: Record<RungName, number> = {
  '2160p': 26_250_000,
  '1440p': 12_000_000,
  '1080p': 6_000_000,
  '720p': 3_000_000,
  '540p': 2_000_000,
  '480p': 1_450_000,
  '360p': 950_000,
  '240p': 450_000,
};

const namedLadders: Record<(typeof ladderNames)[number], readonly RungName[]> = {
  /** 480p is asked for, and then takes the place of 540p: the two are too much alike. */
  standard: ['2160p', '1440p', '1080p', '720p', '540p', '360p', '240p'],
  /** For small screens and expensive data. */
  mobile: ['720p', '540p', '360p', '240p'],
  /** Few renditions, none of them small. */
  hd: ['1080p', '720p', '540p'],
};

/** All rungs, the largest first. */
export const allRungs: readonly Rung[] = rungNames.map((name) => toRung(name));

/**
 * The rungs asked for, the largest first. `include480p` has 480p in the place of 540p in a named ladder; a spelled-out
 * one says all itself.
 */
export function resolveLadder(ladder: Ladder, include480p: boolean): Rung[] {
  if (typeof ladder !== 'string')
    return ladder.map(({ rung, bitrate }) => toRung(rung, bitrate)).sort((a, b) => b.shortSide - a.shortSide);
  const wanted = namedLadders[ladder].map((name) => (include480p && name === '540p' ? '480p' : name));
  return allRungs.filter(({ name }) => wanted.includes(name));
}

/**
 * Above 30 frames per second half as much again: the ratio of YouTube's rates for 48 to 60 and 24 to 30 frames per
 * second at every size (https://support.google.com/youtube/answer/1722171).
 */
export const highFrameRateFactor = 1.5;

/**
 * How bitrate follows the number of pixels at equal quality: to the power of three quarters (Ben Waggoner's rule,
 * "Compression for Great Video and Audio", 2nd edition, chapter 6).
 */
export const pixelExponent = 0.75;

function toRung(name: RungName, bitrate: number = bitrates[name]): Rung {
  return { name, shortSide: Number.parseInt(name, 10), bitrate };
}

function descends(rungs: readonly { rung: RungName; bitrate?: number }[]): boolean {
  const sorted = resolveLadder([...rungs], false);
  return sorted.every((rung, n) => n === 0 || rung.bitrate < (sorted[n - 1]?.bitrate ?? 0));
}
