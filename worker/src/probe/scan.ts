import type { FfprobeJson } from './ffprobe-json.ts';

/** Bare streams have no header that tells their length: ffmpeg guesses it from the first packets' bitrate. */
const bareFormats = /^(aac|mp3|ac3|eac3|amr|h264|hevc|mpegvideo|m4v)$/;

/** Whether a film's length is only known once all of its packets were read. */
export function needsScan({ format, streams }: FfprobeJson): boolean {
  const told = [format.duration, ...streams.map((stream) => stream.duration)];
  return bareFormats.test(format.format_name) || told.every((duration) => duration === undefined);
}

/** What is asked of ffprobe: no decoding, one line a packet. */
export const scanArguments = [
  '-of',
  'csv=p=0',
  '-show_entries',
  'packet=stream_index,pts_time,duration_time',
];

/** Finds when streams end from one packet after the other, as a film may have more packets than memory holds. */
export class Scan {
  readonly #ends = new Map<number, number>();

  /** @param line what ffprobe wrote of a packet */
  add(line: string): void {
    const [index, start, duration] = line.split(',').map(Number);
    if (index === undefined || !Number.isFinite(start)) return;
    const end = (start ?? 0) + (Number.isFinite(duration) ? (duration ?? 0) : 0);
    this.#ends.set(index, Math.max(end, this.#ends.get(index) ?? end));
  }

  /** The time at which each stream ends, in the container's time, by the stream's index. */
  ends(): ReadonlyMap<number, number> {
    return this.#ends;
  }
}
