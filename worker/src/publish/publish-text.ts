import { headersFor } from '../protocol/content-types.ts';
import type { SegmentRecord } from '../protocol/part-record.ts';
import { eachLimited } from '../storage/limited.ts';
import type { Store } from '../storage/store.ts';
import { type Cue, SubtitleError } from '../text/cue.ts';
import { countPlacements, cutVtt, type TextSegment, wholeVtt } from '../text/write-vtt.ts';
import { textSegmentName, wholeTextName } from './text-playlist.ts';

const putsAtOnce = 8;

/** Cues in all segments together: a film of three hours with karaoke has some ten thousand. */
const maxPlacements = 500_000;

/**
 * Publishes the segments of a WebVTT rendition, and the whole of it.
 * @param prefix the rendition's folder
 * @throws SubtitleError when the cues are shown so long that the segments would be huge
 */
export async function publishText(
  output: Store,
  prefix: string,
  cues: readonly Cue[],
  {
    cutSeconds,
    offsetSeconds,
    signal,
  }: { cutSeconds: readonly number[]; offsetSeconds: number; signal: AbortSignal },
): Promise<SegmentRecord[]> {
  if (countPlacements(cues, cutSeconds) > maxPlacements)
    throw new SubtitleError('too many of its cues are shown for too long');
  const put = (name: string, text: string) =>
    output.put(prefix + name, text, { ...headersFor(name), signal });
  const segments: SegmentRecord[] = [];
  const batch: TextSegment[] = [];
  const flush = async () => {
    await eachLimited(batch.splice(0), putsAtOnce, ({ number, text }) => put(textSegmentName(number), text));
  };
  for (const segment of cutVtt(cues, cutSeconds, offsetSeconds)) {
    const { text, ...times } = segment;
    segments.push({ ...times, bytes: Buffer.byteLength(text) });
    batch.push(segment);
    if (batch.length === 4 * putsAtOnce) await flush();
  }
  await flush();
  await put(wholeTextName, wholeVtt(cues));
  return segments;
}
