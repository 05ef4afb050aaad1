import { type FfprobeJson, type FfprobeStream, packetEntries } from './ffprobe-json.ts';
import { readPackets } from './frame-rate.ts';

/** ffprobe's JSON on a packet. */
type RawPacket = { stream_index?: number; pts_time?: string; flags?: string };

export interface FirstPackets {
  /** The first packets of the video, as ffprobe's JSON has them. */
  packets: RawPacket[];
  /** Streams of which a packet was seen that is shown. */
  seen: ReadonlySet<number>;
}

/** Films with more packets before the video's last one have each stream read by itself. */
const maxPackets = 1000;

/** Opus has the shortest packets of the usual codecs: 20 ms. */
const audioPacketsPerSecond = 50;

/** Timecodes, subtitles and the like have few. */
const otherPackets = 16;

/**
 * Reads the video's first packets, and with them those of the audio between: one look where each would take its own.
 * @param askJson asks ffprobe and returns its JSON
 */
export async function readFirstPackets(
  { streams }: Pick<FfprobeJson, 'streams'>,
  video: FfprobeStream,
  askJson: (...args: string[]) => Promise<{ packets?: RawPacket[] }>,
): Promise<FirstPackets> {
  const read = async (count: number, ...select: string[]) => {
    const interval = ['-read_intervals', `%+#${count}`];
    const entries = packetEntries.replace('packet=', 'packet=stream_index,');
    return (await askJson(...select, ...interval, '-show_entries', entries)).packets ?? [];
  };
  const ofVideo = (packets: readonly RawPacket[]) =>
    packets.filter(({ stream_index }) => stream_index === video.index).slice(0, readPackets);

  const count = packetsBetween(streams, video);
  const all = count > maxPackets ? [] : await read(count);
  const seen = new Set(
    all.flatMap(({ stream_index, flags }) => (isShown(flags) ? (stream_index ?? []) : [])),
  );
  const found = ofVideo(all);
  const isEnough = found.length === readPackets || (count <= maxPackets && all.length < count);
  const packets = isEnough ? found : await read(readPackets, '-select_streams', String(video.index));
  return { packets, seen };
}

/** About how many packets of all streams lie before the video's last one that is read, and rather more; infinite without audio. */
function packetsBetween(
  streams: FfprobeJson['streams'],
  { avg_frame_rate, r_frame_rate }: FfprobeStream,
): number {
  const audio = streams.filter(({ codec_type }) => codec_type === 'audio').length;
  if (audio === 0) return Number.POSITIVE_INFINITY;
  const rate = avg_frame_rate ?? r_frame_rate ?? { num: 25, den: 1 };
  const seconds = readPackets / (rate.num / rate.den);
  return Math.ceil(readPackets + audio * audioPacketsPerSecond * seconds) + otherPackets;
}

/** D: the edit list hides it. */
function isShown(flags = ''): boolean {
  return !flags.includes('D');
}
