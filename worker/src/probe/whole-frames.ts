import { findBox, readBoxes } from '../mp4/boxes.ts';
import { ac3FrameSamples, readAc3Frames } from './ac3-frames.ts';
import type { AudioStream, Media, WholeFrames } from './media.ts';

/** Reads bytes of the source. @param end the byte after the last one */
export type ReadBytes = (start: number, end: number) => Promise<Buffer>;

/** At other rates of samples frames lie on no grid that fits the film's, or differ in size. */
const sampleRate = 48_000;

/** Front left, centre and right, two at the sides, and low frequencies. */
const channels = 6;

/**
 * How the description begins of what ffmpeg's own encoder makes: 48 kHz, version 8 of the format, a main programme, and these channels.
 * So a part that has to be encoded after all has the same initialization section as the others.
 */
const encoders = '103';

/** A header of many hours; what is larger is damaged. */
const largestHeaderBytes = 16 * 2 ** 20;

/** A film has few boxes beside its header and its media. */
const maxBoxes = 32;

/** For the media whose AC-3 in 5.1 is whole from its first frame to its last, as its MP4 or MOV says: what its frames are. */
export async function noteWholeFrames(media: Media, read: ReadBytes): Promise<Media> {
  const isAsked = (stream: AudioStream) =>
    stream.codec === 'ac3' && stream.channels === channels && stream.sampleRate === sampleRate;
  if (!media.format.split(',').includes('mov') || !media.audio.some(isAsked)) return media;
  const header = await readHeader(media.sizeBytes, read);
  if (header === undefined) return media;
  const audio: AudioStream[] = [];
  for (const stream of media.audio) {
    const wholeFrames = isAsked(stream)
      ? await framesOf(header, stream.index, media.sizeBytes, read)
      : undefined;
    audio.push(wholeFrames ? { ...stream, wholeFrames } : stream);
  }
  return { ...media, audio };
}

/** The content of `moov`. */
async function readHeader(sizeBytes: number, read: ReadBytes): Promise<Buffer | undefined> {
  let start = 0;
  for (let n = 0; n < maxBoxes && start + 16 <= sizeBytes; n += 1) {
    const bytes = await read(start, start + 16);
    const short = bytes.readUInt32BE(0);
    const [size, head] = short === 1 ? [Number(bytes.readBigUInt64BE(8)), 16] : [short, 8];
    if (size < head || start + size > sizeBytes) return undefined;
    if (bytes.toString('latin1', 4, 8) === 'moov')
      return size > largestHeaderBytes ? undefined : read(start + head, start + size);
    start += size;
  }
  return undefined;
}

async function framesOf(
  header: Buffer,
  index: number,
  sizeBytes: number,
  read: ReadBytes,
): Promise<WholeFrames | undefined> {
  const table = readTable(header, index);
  if (table === undefined || table.firstByte + table.bytes > sizeBytes) return undefined;
  const data = await read(table.firstByte, table.firstByte + table.bytes);
  try {
    const [first, ...others] = readAc3Frames(data);
    if (first?.sampleRate !== sampleRate || first.channels !== channels || others.length > 0)
      return undefined;
    const description = first.description.toString('hex');
    return description.startsWith(encoders) ? { bytes: first.bytes, description } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Of a track whose samples all last as long as a frame and have the same size, and which an edit list leaves whole; else undefined
 * (ISO/IEC 14496-12, 8.6 and 8.7). The last sample may be said to be shorter.
 */
function readTable(header: Buffer, index: number): { bytes: number; firstByte: number } | undefined {
  try {
    const boxes = readBoxes(header);
    const track = boxes.filter(({ type }) => type === 'trak')[index];
    if (track === undefined) return undefined;
    const find = (...path: string[]) => findBox(header, path, readBoxes(header, track.body, track.end)).body;
    const clock = clockOf(header, find('mdia', 'mdhd'));
    const movie = clockOf(header, findBox(header, ['mvhd'], boxes).body);
    const times = find('mdia', 'minf', 'stbl', 'stts');
    const sizes = find('mdia', 'minf', 'stbl', 'stsz');
    const kinds = header.readUInt32BE(find('mdia', 'minf', 'stbl', 'stsd') + 4);
    const [bytes, count] = [header.readUInt32BE(sizes + 4), header.readUInt32BE(sizes + 8)];
    const entries = header.readUInt32BE(times + 4);
    const evenly = header.readUInt32BE(times + 8);
    const isEven =
      header.readUInt32BE(times + 12) === ac3FrameSamples &&
      (evenly === count || (entries === 2 && evenly === count - 1));
    if (kinds !== 1 || clock !== sampleRate || bytes === 0 || count === 0 || !isEven) return undefined;
    const children = readBoxes(header, track.body, track.end);
    const edits = children.some(({ type }) => type === 'edts') ? find('edts', 'elst') : undefined;
    if (edits !== undefined && !leavesWhole(header, edits, { movie, samples: count * ac3FrameSamples }))
      return undefined;
    return { bytes, firstByte: firstByteOf(header, find('mdia', 'minf', 'stbl')) };
  } catch {
    return undefined;
  }
}

/** Ticks a second, of `mdhd` and `mvhd`. */
function clockOf(header: Buffer, body: number): number {
  return header.readUInt32BE(body + (header[body] === 1 ? 20 : 12));
}

function firstByteOf(header: Buffer, stbl: number): number {
  // Its box begins before its content, so its size is there.
  const end = stbl - 8 + header.readUInt32BE(stbl - 8);
  const offsets = readBoxes(header, stbl, end).find(({ type }) => type === 'stco' || type === 'co64');
  if (offsets === undefined) throw new Error('box "stco" is missing');
  return offsets.type === 'stco'
    ? header.readUInt32BE(offsets.body + 8)
    : Number(header.readBigUInt64BE(offsets.body + 8));
}

/** An edit list may say when the track begins, and hide an encoder's lead in the first frame, and a rest in the last one. */
function leavesWhole(
  header: Buffer,
  body: number,
  { movie, samples }: { movie: number; samples: number },
): boolean {
  const isLong = header[body] === 1;
  const entryBytes = isLong ? 20 : 12;
  const entries = Array.from({ length: header.readUInt32BE(body + 4) }, (_, n) => {
    const at = body + 8 + n * entryBytes;
    return isLong
      ? {
          length: Number(header.readBigUInt64BE(at)),
          from: Number(header.readBigInt64BE(at + 8)),
          rate: header.readInt32BE(at + 16),
        }
      : {
          length: header.readUInt32BE(at),
          from: header.readInt32BE(at + 4),
          rate: header.readInt32BE(at + 8),
        };
  });
  const shown = entries[0]?.from === -1 ? entries.slice(1) : entries;
  const [edit] = shown;
  if (edit === undefined || shown.length > 1 || edit.rate !== 0x10000) return false;
  const end = edit.length === 0 ? samples : edit.from + (edit.length * sampleRate) / movie;
  return edit.from >= 0 && edit.from < ac3FrameSamples && end > samples - ac3FrameSamples;
}
