import { frameEntries } from './ffprobe-json.ts';

/** Codecs whose encoders can refresh a picture bit by bit. */
const refreshed = new Set(['h264', 'hevc']);

/**
 * Whether decoding can begin at a place that the index names. Where an encoder refreshes the picture bit by bit ("intra
 * refresh") it can't: the decoder gives nothing for seconds, and a part of the film would begin with a hole.
 * @param ask asks ffprobe and returns what it says
 */
export async function canBeginWithin(
  { index, codec }: { index: number; codec: string },
  atSeconds: number,
  ask: (args: readonly string[]) => Promise<string>,
): Promise<boolean> {
  if (!refreshed.has(codec)) return true;
  // Eight packets: ffmpeg 5.1 shows the keyframe of an open GOP only when it has decoded what follows.
  const frames = await ask([
    ...['-select_streams', String(index), '-read_intervals', `${atSeconds.toFixed(3)}%+#8`],
    ...['-of', 'csv=p=0', '-show_entries', 'frame=pict_type'],
  ]);
  return frames.trimStart().startsWith('I');
}

interface RawFrame {
  pict_type?: string;
}

/**
 * Decodes the film's first frame and one in its middle: one look where each would take its own. Most films begin with a keyframe, and
 * with another wherever the index says so.
 * @param askJson asks ffprobe and returns its JSON
 * @returns both frames, as ffprobe's JSON has them, where decoding can begin at both; undefined where more has to be looked at
 */
export async function decodeTwoKeyframes(
  { index, codec }: { index: number; codec: string },
  middleSeconds: number,
  askJson: (...args: string[]) => Promise<{ frames?: RawFrame[] }>,
): Promise<RawFrame[] | undefined> {
  if (!refreshed.has(codec)) return undefined;
  const { frames = [] } = await askJson(
    ...['-select_streams', String(index), '-read_intervals', `%+#1,${middleSeconds.toFixed(3)}%+#1`],
    ...['-show_entries', frameEntries.replace('frame=', 'frame=pict_type,')],
  );
  return frames.length === 2 && frames.every(({ pict_type }) => pict_type === 'I') ? frames : undefined;
}
