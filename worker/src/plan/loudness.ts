import { z } from 'zod';

/** What a film may be brought to, in LUFS: -16 is usual for streams, -14 for music sites, -23 and -24 for television. */
export const loudnessTargetSchema = z.number().min(-31).max(-9);

/** For a job: also `off`, where its farm has a target. */
export const jobLoudnessSchema = z.union([loudnessTargetSchema, z.literal('off')]);

/** EBU R 128, ITU-R BS.1770. */
export interface Loudness {
  /** Over the whole film. Undefined where nothing is heard. */
  integratedLufs?: number | undefined;
  truePeakDbtp: number;
}

/** Momentary loudness (400 ms) at each 100 ms, counted by tenths of a LU: so stretches that several workers measured add up. */
export interface LoudnessBlocks {
  /** Tenths of LUFS, and how many. */
  blocks: [tenths: number, count: number][];
  truePeakDbtp: number;
}

/** Digital silence has a peak of minus infinity, which JSON can't say. */
export const silentDbtp = -120;

/** Gates of BS.1770-4: in LUFS, and below the mean of what is above that one. */
const absoluteGate = -70;
const relativeGate = -10;

/** The loudness of stretches together. */
export function loudnessOf(stretches: readonly LoudnessBlocks[]): Loudness {
  const blocks = stretches
    .flatMap((stretch) => stretch.blocks)
    .map(([tenths, count]) => ({ lufs: tenths / 10, count }));
  const truePeakDbtp = Math.max(silentDbtp, ...stretches.map((stretch) => stretch.truePeakDbtp));
  const heard = blocks.filter(({ lufs }) => lufs >= absoluteGate);
  if (heard.length === 0) return { truePeakDbtp };
  const gate = meanOf(heard) + relativeGate;
  const integrated = meanOf(heard.filter(({ lufs }) => lufs >= gate));
  return { integratedLufs: rounded(integrated), truePeakDbtp: rounded(truePeakDbtp) };
}

/** Mean of the energies. */
function meanOf(blocks: readonly { lufs: number; count: number }[]): number {
  const count = blocks.reduce((sum, block) => sum + block.count, 0);
  const energy = blocks.reduce((sum, block) => sum + block.count * 10 ** (block.lufs / 10), 0);
  return 10 * Math.log10(energy / count);
}

/** Streaming services ask for this much room (AES TD1008): encoders for few bits overshoot. */
const highestPeakDbtp = -1;

/**
 * What all samples are multiplied with, in dB, so that the film has the target's loudness: one number for the whole film, which leaves its
 * dynamics as they are. A film is not made louder than its peaks allow.
 */
export function gainFor({ integratedLufs, truePeakDbtp }: Loudness, targetLufs: number): number {
  if (integratedLufs === undefined) return 0;
  const wanted = targetLufs - integratedLufs;
  return rounded(wanted <= 0 ? wanted : Math.min(wanted, Math.max(0, highestPeakDbtp - truePeakDbtp)));
}

/** More than this from the target is heard beside other films. */
const toleranceLu = 0.5;

/** @param loudness of what was published */
export function loudnessWarning(
  label: string,
  { integratedLufs, truePeakDbtp }: Loudness,
  targetLufs: number,
): string | undefined {
  if (integratedLufs === undefined || Math.abs(integratedLufs - targetLufs) <= toleranceLu) return undefined;
  const what = `the audio "${label}" has ${integratedLufs.toFixed(1)} LUFS and not the ${targetLufs} that were asked for`;
  return integratedLufs < targetLufs
    ? `${what}: its peaks of ${truePeakDbtp.toFixed(1)} dBTP would clip if it were louder`
    : what;
}

function rounded(decibels: number): number {
  return Math.round(decibels * 100) / 100;
}
