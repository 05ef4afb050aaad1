import { type ClockStretch, RecordingClock } from './clock.ts';
import type { FfprobeJson } from './ffprobe-json.ts';

/** What all packets of a film say together. */
export interface Scanned {
  /** The time at which each stream ends, in the container's time, by the stream's index. */
  ends: ReadonlyMap<number, number>;
  /** Empty where the container's clock does not jump. */
  stretches: readonly ClockStretch[];
}

/** Bare streams have no header with their length: ffmpeg guesses it from the first packets' bitrate. */
const bareFormats = /^(aac|mp3|ac3|eac3|amr|h264|hevc|mpegvideo|m4v)$/;

/** A stream that starts later than this has another length than end; headers round by less. */
const lateStartSeconds = 0.1;

/** Read before the first end that a header names, so that a packet of every stream is among what is read. */
const marginSeconds = 2;

/**
 * From which time on a film's packets are read to know when its streams end; undefined where its header is enough.
 * A recording's clock need not start at zero, and FLV and fragmented MP4 then name the end in place of the length.
 */
export function scanFrom({ format, streams }: FfprobeJson): number | undefined {
  if (mayJump({ format })) return 0;
  const durations = [format.duration, ...streams.map((stream) => stream.duration)];
  if (bareFormats.test(format.format_name) || durations.every((duration) => duration === undefined)) return 0;
  const late = streams
    .filter(({ codec_type }) => codec_type === 'video' || codec_type === 'audio')
    .filter((stream) => (stream.start_time ?? 0) > lateStartSeconds);
  if (late.length === 0) return undefined;
  if (format.format_name === 'flv') return 0;
  if (!format.format_name.startsWith('mov')) return undefined;
  // The lesser of what the header can mean: whichever it is, the end lies behind.
  return Math.max(0, Math.min(...late.map(({ duration = 0 }) => duration)) - marginSeconds);
}

/** Recordings whose clock may jump: where the signal was lost, or where two of them were joined, as songs are in an Ogg of a web radio. */
const recordings = /^(mpegts|mpeg|ogg)$/;

export function mayJump({ format }: Pick<FfprobeJson, 'format'>): boolean {
  return recordings.test(format.format_name);
}

/** More than any film has, and less than a whole number of 32 bits. */
const allPackets = 1_000_000_000;

/** What is asked of ffprobe: no decoding, one line a packet. */
export function scanArguments(fromSeconds: number): string[] {
  const packets = [
    '-of',
    'csv=p=0',
    '-show_entries',
    'packet=stream_index,pts_time,dts_time,duration_time,flags',
  ];
  // An interval without an end reads nothing now and then in ffprobe 7.1, depending on the other options.
  return fromSeconds > 0 ? [...packets, '-read_intervals', `${fromSeconds}%+#${allPackets}`] : packets;
}

/** Finds when streams end from one packet after the other, as a film may have more packets than memory holds. */
export class Scan {
  readonly #ends = new Map<number, number>();
  readonly #clock: RecordingClock | undefined;
  readonly #streams: ReadonlySet<number>;

  /** @param streams those whose clock is followed, where it may jump */
  constructor(streams: readonly number[], jumps: boolean) {
    this.#streams = new Set(streams);
    this.#clock = jumps ? new RecordingClock() : undefined;
  }

  /** @param line what ffprobe wrote of a packet */
  add(line: string): void {
    const fields = line.split(',');
    // An edit list hides it.
    if (fields[4]?.includes('D')) return;
    const [stream = Number.NaN, pts, dts, duration] = fields.map(Number);
    const ptsSeconds = finite(pts) ?? finite(dts);
    if (!Number.isFinite(stream) || ptsSeconds === undefined) return;
    const durationSeconds = finite(duration) ?? 0;
    const end = ptsSeconds + durationSeconds;
    this.#ends.set(stream, Math.max(end, this.#ends.get(stream) ?? end));
    if (this.#streams.has(stream))
      this.#clock?.add({ stream, ptsSeconds, dtsSeconds: finite(dts) ?? ptsSeconds, durationSeconds });
  }

  result(): Scanned {
    return { ends: this.#clock?.ends() ?? this.#ends, stretches: this.#clock?.stretches() ?? [] };
  }
}

function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
