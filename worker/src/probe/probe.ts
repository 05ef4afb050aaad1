import { RefusedError } from '../errors.ts';
import { MediaToolError, type MediaTools } from '../ffmpeg/media-tool.ts';
import { findEmptyAudio } from './empty-audio.ts';
import { ffprobeSchema, packetEntries, streamEntries } from './ffprobe-json.ts';
import { readPackets } from './frame-rate.ts';
import type { Media } from './media.ts';
import { parseProbe, pickVideo } from './parse.ts';
import { type MediaLimits, refuseDuration, refuseStreams } from './refuse.ts';
import { needsScan, readScan, scanArguments } from './scan.ts';

/**
 * Asks ffprobe what the film at `url` is.
 * @throws RefusedError when it is not media, or more than the limits allow
 * @throws MediaToolError on trouble: ffprobe was killed, took too long, or could not read its input
 */
export async function probe(
  tools: Pick<MediaTools, 'ffprobe'>,
  url: string,
  sizeBytes: number,
  limits: MediaLimits & { probeSeconds: number },
  signal?: AbortSignal,
): Promise<Media> {
  const { probeSeconds } = limits;
  const ask = async (args: readonly string[], timeoutSeconds = probeSeconds): Promise<string> => {
    try {
      return await tools.ffprobe({ input: url, args, timeoutSeconds, signal });
    } catch (error) {
      throw error instanceof MediaToolError ? (refusal(error, limits) ?? error) : error;
    }
  };
  const askJson = async (...args: string[]): Promise<object> =>
    JSON.parse(await ask(['-of', 'json=compact=1', ...args]));

  if (sizeBytes === 0) throw new RefusedError('not-media', 'The file is empty.');
  const header = await askJson('-show_entries', streamEntries);
  refuseStreams(parseProbe(header, sizeBytes), limits);
  const { streams, ...known } = ffprobeSchema.parse(header);
  const video = pickVideo(streams);
  const start = ['-read_intervals', `%+#${readPackets}`, '-show_entries', packetEntries];
  const packets = video ? await askJson('-select_streams', String(video.index), ...start) : {};
  const ends = needsScan({ streams, ...known })
    ? readScan(await ask(scanArguments, probeSeconds * scanPatience))
    : undefined;
  const empty = await findEmptyAudio({ streams }, (args) => ask(args, probeSeconds * scanPatience));
  const probed = { ...header, ...packets };
  if (video && ffprobeSchema.parse(probed).packets.length === 0)
    throw new RefusedError(
      'no-frames',
      'The film has no single picture behind its header: it was cut off near its start. Upload it again.',
    );
  const media = parseProbe(probed, sizeBytes, ends, empty);
  refuseStreams(media, limits);
  refuseDuration(media, limits);
  return media;
}

/** A scan reads the whole file where a probe reads its ends: it may take so many times longer. */
const scanPatience = 20;

/** What ffprobe says about a file that it could read and not understand, in a person's words. */
const verdicts: [said: RegExp, code: string, message: (limits: MediaLimits) => string][] = [
  [
    /not on whitelist/,
    'not-media',
    () =>
      'The file is of a kind that is not accepted: a playlist, a script or a picture, whatever its name says.',
  ],
  [
    /moov atom not found/,
    'not-media',
    () =>
      'The file is not a whole film: its index (the moov atom) is missing. It was cut short, its recording never ended, or it is no film at all.',
  ],
  [
    /exceeds max_streams/,
    'too-many-streams',
    ({ streams }) => `The film has more than ${streams} streams; ${streams} are allowed (MAX_STREAMS).`,
  ],
  [
    /exceeds specified max pixel count/,
    'too-many-pixels',
    ({ pixels }) => `The picture has more than ${pixels} pixels, which is what is allowed (MAX_PIXELS).`,
  ],
  [
    /Invalid data found when processing input|EBML header parsing failed/,
    'not-media',
    () => 'The file is not media that ffmpeg can read.',
  ],
];

function refusal(error: MediaToolError, limits: MediaLimits): RefusedError | undefined {
  if (error.timedOut || error.killedBy) return undefined;
  const verdict = verdicts.find(([said]) => said.test(error.stderrTail));
  return verdict && new RefusedError(verdict[1], verdict[2](limits), { cause: error });
}
