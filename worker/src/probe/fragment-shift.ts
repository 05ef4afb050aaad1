import { type Box, findBox, readBoxes } from '../mp4/boxes.ts';
import type { FfprobePacket } from './ffprobe-json.ts';
import type { Media } from './media.ts';

/** The header of a fragmented film and its first fragment's are within this. */
const headBytes = 2 ** 20;

const roundingSeconds = 0.001;

/**
 * By how much ffmpeg shows the frames of a fragmented MP4 too late. Where composition offsets are negative, as CMAF lets them be, it moves
 * all times of the video by the largest of them, and those of the audio not (mov.c, `dts_shift`).
 * @param index of the video among the film's streams
 * @param first the video's first packet, as ffprobe reads it
 * @param readHead reads the file's first bytes
 */
export async function findFragmentShift(
  index: number,
  first: FfprobePacket | undefined,
  readHead: (bytes: number) => Promise<Buffer>,
): Promise<number> {
  if (first?.pts_time === undefined || first.dts_time === undefined) return 0;
  const offsetSeconds = first.pts_time - first.dts_time;
  if (offsetSeconds < roundingSeconds) return 0;
  const written = firstOffset(await readHead(headBytes), index);
  const shift = written === undefined ? 0 : offsetSeconds - written;
  return shift < roundingSeconds ? 0 : Math.round(shift * 1e6) / 1e6;
}

/** The film with its frames at their true times. */
export function withFragmentShift(media: Media, delaySeconds: number): Media {
  const { video, audio } = media;
  if (video === undefined || delaySeconds === 0 || video.delaySeconds !== undefined) return media;
  const moved = { ...video, startSeconds: round(video.startSeconds - delaySeconds), delaySeconds };
  const startSeconds = Math.min(...[moved, ...audio].map((stream) => stream.startSeconds));
  const end = Math.max(...[moved, ...audio].map((stream) => stream.startSeconds + stream.durationSeconds));
  return { ...media, video: moved, startSeconds, durationSeconds: round(end - startSeconds) };
}

/** Composition offset of the first frame in seconds, as the first fragment has it; undefined where it has none of the track. */
function firstOffset(head: Buffer, index: number): number | undefined {
  try {
    const boxes = wholeBoxes(head);
    const moov = boxes.find(({ type }) => type === 'moov');
    const track = moov && inside(head, moov).filter(({ type }) => type === 'trak')[index];
    const moof = boxes.find(({ type }) => type === 'moof');
    if (!track || !moof) return undefined;
    const header = findBox(head, ['mdia', 'mdhd'], inside(head, track));
    const timescale = head.readUInt32BE(header.body + (head[header.body] === 1 ? 20 : 12));
    const tkhd = findBox(head, ['tkhd'], inside(head, track));
    const id = head.readUInt32BE(tkhd.body + (head[tkhd.body] === 1 ? 20 : 12));
    const fragment = inside(head, moof)
      .filter(({ type }) => type === 'traf')
      .find((traf) => head.readUInt32BE(findBox(head, ['tfhd'], inside(head, traf)).body + 4) === id);
    return fragment && offsetIn(head, findBox(head, ['trun'], inside(head, fragment))) / timescale;
  } catch {
    return undefined;
  }
}

/** ISO/IEC 14496-12, 8.8.8: which fields a sample has is said by flags. */
function offsetIn(head: Buffer, { body }: Box): number {
  const flags = head.readUIntBE(body + 1, 3);
  if (!(flags & 0x800)) return 0;
  const fields = [0x1, 0x4, 0x100, 0x200, 0x400].filter((flag) => flags & flag).length;
  return head.readInt32BE(body + 8 + 4 * fields);
}

function inside(head: Buffer, { body, end }: Box): Box[] {
  return readBoxes(head, body, end);
}

/** Boxes of the file that are in its head as a whole. */
function wholeBoxes(head: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let start = 0; start + 8 <= head.length; ) {
    const size = head.readUInt32BE(start);
    if (size < 8 || start + size > head.length) break;
    boxes.push(...readBoxes(head, start, start + size));
    start += size;
  }
  return boxes;
}

function round(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
