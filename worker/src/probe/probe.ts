import { RefusedError } from '../errors.ts';
import { MediaToolError, type MediaTools } from '../ffmpeg/media-tool.ts';
import { findEditStart, hidesFrames, withEditStart } from './edit-start.ts';
import { findEmptyAudio } from './empty-audio.ts';
import {
  type FfprobePacket,
  type FfprobeStream,
  ffprobeSchema,
  frameEntries,
  streamEntries,
} from './ffprobe-json.ts';
import { readFirstPackets } from './first-packets.ts';
import { findFragmentShift, withFragmentShift } from './fragment-shift.ts';
import { fragmentTableWorks, isFragmented } from './fragment-table.ts';
import type { Media } from './media.ts';
import { parseProbe, pickVideo } from './parse.ts';
import { canBeginWithin, decodeTwoKeyframes } from './random-access.ts';
import { refusal } from './refusal.ts';
import { type MediaLimits, refuseDuration, refuseStreams } from './refuse.ts';
import { mayJump, Scan, scanArguments, scanFrom } from './scan.ts';

/**
 * Asks ffprobe what the film at `url` is.
 * @param readHead reads the film's first bytes, for what ffprobe does not report
 * @throws RefusedError when it is not media, or more than the limits allow
 * @throws MediaToolError on trouble: ffprobe was killed, took too long, or could not read its input
 */
export async function probe(
  tools: Pick<MediaTools, 'ffprobe'>,
  url: string,
  sizeBytes: number,
  limits: MediaLimits & { probeSeconds: number },
  signal?: AbortSignal,
  readHead?: (bytes: number) => Promise<Buffer>,
): Promise<Media> {
  const { probeSeconds } = limits;
  const ask = async (
    args: readonly string[],
    timeoutSeconds = probeSeconds,
    onLine?: (line: string) => void,
    onErrorLine?: (line: string) => void,
  ): Promise<string> => {
    try {
      return await tools.ffprobe({ input: url, args, timeoutSeconds, onLine, onErrorLine, signal });
    } catch (error) {
      throw error instanceof MediaToolError ? (refusal(error, limits) ?? error) : error;
    }
  };
  const askJson = async (...args: string[]): Promise<object> =>
    JSON.parse(await ask(['-of', 'json=compact=1', ...args]));

  if (sizeBytes === 0) throw new RefusedError('not-media', 'The file is empty.');
  const header = await askJson('-show_entries', streamEntries);
  const found = parseProbe(header, sizeBytes);
  refuseStreams(found, limits);
  const { streams, ...known } = ffprobeSchema.parse(header);
  const video = pickVideo(streams);
  const decoded = ['-read_intervals', `%+#${decodedPackets}`, '-show_entries', frameEntries];
  const ofVideo = async (entries: readonly string[]) =>
    video ? askJson('-select_streams', String(video.index), ...entries) : {};
  const from = scanFrom({ streams, ...known });
  // A look that fails is taken again in its turn, when all that a refusal goes by is known.
  const isIndexed = from === undefined && found.indexed;
  const keyframes = isIndexed ? lookAtKeyframes(found, video, askJson).catch(() => undefined) : undefined;
  const lookAhead = async () => ((await keyframes) ? true : canBeCut(found, ask).catch(() => undefined));
  const firstPackets = video && readFirstPackets({ streams }, video, askJson);
  const firstFrames = async () => {
    const frames = await keyframes;
    if (frames === undefined) return ofVideo(decoded);
    // Where packets have no times, that of the frame shows how long ffmpeg waits for it.
    const isTimed = (await firstPackets)?.packets[0]?.pts_time !== undefined;
    return isTimed ? { frames } : ofVideo(decoded);
  };
  const findEmpty = async () => {
    const seen = (await firstPackets)?.seen;
    return findEmptyAudio({ streams }, (args) => ask(args, probeSeconds * scanPatience), seen);
  };
  const [first, frames, seemsCuttable, seemsEmpty] = await Promise.all([
    firstPackets,
    firstFrames(),
    isIndexed ? lookAhead() : undefined,
    from === undefined ? findEmpty().catch(() => undefined) : undefined,
  ]);
  const shown = [...(found.video ? [found.video.index] : []), ...found.audio.map(({ index }) => index)];
  const scan = from === undefined ? undefined : new Scan(shown, mayJump(known));
  let isChain = false;
  if (scan) {
    const look = (line: string) => {
      isChain ||= leftOutOfOgg.test(line);
    };
    await ask(scanArguments(from ?? 0), probeSeconds * scanPatience, (line) => scan.add(line), look);
  }
  if (isChain) throw chainedOgg();
  const empty = seemsEmpty ?? (await findEmpty());
  const groups = streams.some(({ disposition }) => disposition.dependent) ? await askGroups(askJson) : {};
  const probed = { ...header, packets: first?.packets, ...frames, ...groups };
  if (video && ffprobeSchema.parse(probed).packets.length === 0)
    throw new RefusedError(
      'no-frames',
      'The film has no picture behind its header: it was cut off near its start. Upload it again.',
    );
  const parsed = parseProbe(probed, sizeBytes, scan?.result(), empty);
  const read = ffprobeSchema.parse(probed).packets;
  const edited = withEditStart(parsed, await editStartOf(parsed, read, ask));
  const fragmented = video !== undefined && isFragmented(parsed.format, video);
  const shift = fragmented && readHead ? await findFragmentShift(video.index, read[0], readHead) : 0;
  const media = withFragmentShift(edited, shift);
  refuseStreams(media, limits);
  refuseDuration(media, limits);
  const indexed = media.indexed && (seemsCuttable ?? (await canBeCut(media, ask)));
  const hasTable = indexed && fragmented && (await fragmentTableWorks(placeOf(media), ask));
  return { ...media, indexed, ...(hasTable ? { fragmentTable: true as const } : {}) };
}

function placeOf({ video, startSeconds, durationSeconds }: Media) {
  return { index: video?.index ?? 0, startSeconds, durationSeconds };
}

/** Only where the header says of itself whether the film is interlaced. */
async function lookAtKeyframes(
  { video, startSeconds, durationSeconds }: Media,
  stream: FfprobeStream | undefined,
  askJson: (...args: string[]) => Promise<object>,
) {
  if (video === undefined || stream?.field_order === undefined) return undefined;
  return decodeTwoKeyframes(video, startSeconds + durationSeconds / 2, askJson);
}

async function editStartOf(
  { format, video }: Media,
  packets: readonly FfprobePacket[],
  ask: (args: readonly string[]) => Promise<string>,
): Promise<number | undefined> {
  if (video === undefined || video.startsWithoutKeyframe || !hidesFrames(format, packets)) return undefined;
  return findEditStart(video, ask);
}

/** What ffprobe says where the container's index leads nowhere. */
const cannotSeek = /Could not seek to position/;

/** Whether parts of the film can be decoded by themselves; tried in the middle. */
async function canBeCut(
  { video, durationSeconds, startSeconds }: Media,
  ask: (args: readonly string[]) => Promise<string>,
): Promise<boolean> {
  if (video === undefined) return true;
  try {
    return await canBeginWithin(video, startSeconds + durationSeconds / 2, ask);
  } catch (error) {
    if (error instanceof MediaToolError && cannotSeek.test(error.stderrTail)) return false;
    throw error;
  }
}

/** Which streams are one mix. ffprobe 7.0 knows such streams and not their groups: they stay separate then. */
async function askGroups(askJson: (...args: string[]) => Promise<object>): Promise<object> {
  try {
    const { stream_groups }: { stream_groups?: unknown } = await askJson('-show_stream_groups');
    return { stream_groups };
  } catch (error) {
    if (error instanceof MediaToolError || error instanceof RefusedError) return {};
    throw error;
  }
}

/** Enough for a frame that shows what all of them carry. */
const decodedPackets = 8;

/** What ffmpeg says where an Ogg film follows another in the same file: it reads the first, and audio alone in any number. */
const leftOutOfOgg = /\[ogg @ .*failed to create or replace stream/;

function chainedOgg(): RefusedError {
  return new RefusedError(
    'no-decoder',
    'The file is several Ogg films one after another, and ffmpeg reads the first of them alone. Cut it into its films, and send these ' +
      'as clips of one film (`sources`).',
  );
}

/** A scan reads the whole file where a probe reads its ends: it may take this many times longer. */
const scanPatience = 20;
