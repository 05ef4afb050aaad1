import { MediaToolError, type MediaTools } from '../ffmpeg/media-tool.ts';
import { byFragmentTable } from './fragment-table.ts';
import type { AudioStream, Cadence, Media } from './media.ts';

/** What codecs put into a packet. Sizes that hardly differ could not be distinguished by rounded times. */
const packetSizes = [480, 512, 576, 960, 1024, 1152, 1536, 1920, 2048, 2880, 4096, 4608];

/** Matroska rounds times to milliseconds. */
const roundingSeconds = 0.0011;

/** Of each stream and in each place. */
const packetsRead = 40;

/** The first ones may hold less: an encoder's lead. */
const oddPackets = 2;

/** Where an index has no entry nearer to a place, every part would read so much for nothing. */
const farthestSeekSeconds = 30;

interface AskOptions {
  timeoutSeconds: number;
  signal: AbortSignal;
}

/**
 * Finds the cadence of each audio stream by its packets at the start, in the middle and near the end of the film. A stream that
 * drifts, jitters, has a gap, or is not found where it is looked for, is left without.
 */
export async function noteCadence(
  tools: Pick<MediaTools, 'ffprobe'>,
  url: string,
  media: Media,
  { timeoutSeconds, signal }: AskOptions,
): Promise<Media> {
  const { format, audio, startSeconds, durationSeconds } = media;
  const count = packetsRead * audio.length;
  const table = media.fragmentTable ? byFragmentTable : [];
  const entries = [
    ...table,
    '-select_streams',
    'a',
    '-of',
    'csv=p=0',
    '-show_entries',
    'packet=stream_index,pts_time',
  ];
  const packetsAt = async (place: number): Promise<Place> => {
    const at = startSeconds + place * durationSeconds;
    const args = ['-read_intervals', `${place === 0 ? '' : at.toFixed(3)}%+#${count}`, ...entries];
    const lines = await tools.ffprobe({ input: url, args, timeoutSeconds, signal });
    return { seconds: place === 0 ? undefined : at, times: readTimes(lines) };
  };
  try {
    const places = await Promise.all([packetsAt(0), packetsAt(0.5), packetsAt(0.9)]);
    return { ...media, audio: audio.map((stream) => ({ ...stream, ...cadenceOf(stream, format, places) })) };
  } catch (error) {
    if (error instanceof MediaToolError && !signal.aborted) return media;
    throw error;
  }
}

/** Times of packets by stream, from one place of the film on. */
interface Place {
  /** Undefined for the film's start, wherever that is. */
  seconds: number | undefined;
  times: ReadonlyMap<number, readonly number[]>;
}

function readTimes(lines: string): Place['times'] {
  const packets = lines.split('\n').flatMap((line) => {
    const [index, seconds] = line.split(',').map(Number.parseFloat);
    return index === undefined || seconds === undefined || !Number.isFinite(seconds)
      ? []
      : [{ index, seconds }];
  });
  const byStream = Map.groupBy(packets, ({ index }) => index);
  return new Map([...byStream].map(([index, own]) => [index, own.map(({ seconds }) => seconds)]));
}

/** Pure. */
export function cadenceOf(
  { index, codec, sampleRate }: Pick<AudioStream, 'index' | 'codec' | 'sampleRate'>,
  format: string,
  places: readonly Place[],
): { cadence?: Cadence } {
  const found = places.map(({ seconds, times }) => {
    const all = times.get(index) ?? [];
    const first = all[0] ?? Number.NaN;
    const isThere =
      seconds === undefined
        ? all.length > oddPackets
        : first <= seconds && seconds - first < farthestSeekSeconds && all.length > 1;
    return isThere ? all.slice(seconds === undefined ? oddPackets : 0).map((time) => time * sampleRate) : [];
  });
  if (found.some((own) => own.length === 0)) return {};
  const samples = found.flat();
  if (codec.startsWith('pcm_')) {
    // Milliseconds are whole samples too at 48 kHz, so that the container must be one that does not round to them.
    const isExact =
      format.split(',').includes('mov') && samples.every((at) => Math.abs(at - Math.round(at)) < 0.1);
    return isExact ? { cadence: { packetSamples: 1, offsetSamples: 0 } } : {};
  }
  const packetSamples = stepOf(found[1] ?? []);
  if (packetSamples === undefined) return {};
  const [reference = 0] = found[1] ?? [];
  const off = samples.map((at) => wrap(at - reference, packetSamples));
  if (off.some((each) => Math.abs(each) > roundingSeconds * sampleRate)) return {};
  const mean = off.reduce((sum, each) => sum + each, 0) / off.length;
  const offset = Math.round(reference + mean);
  return { cadence: { packetSamples, offsetSamples: wrap(offset, packetSamples) } };
}

/** The size of packets that are so far apart. */
function stepOf(samples: readonly number[]): number | undefined {
  const [first, last] = [samples[0] ?? 0, samples.at(-1) ?? 0];
  const step = (last - first) / (samples.length - 1);
  const nearest = packetSizes.toSorted((a, b) => Math.abs(a - step) - Math.abs(b - step))[0] ?? 0;
  return Math.abs(nearest - step) < 0.01 * nearest ? nearest : undefined;
}

/** Into the half of `length` at either side of zero. */
function wrap(value: number, length: number): number {
  return value - length * Math.round(value / length);
}
