import { type Box, findBox, readBoxes } from '../mp4/boxes.ts';
import { fragmentsOf, readSampleDefaults, type SampleDefaults } from '../mp4/fragment.ts';
import { NothingInsideError } from './nothing-inside.ts';

/** What a media segment holds, read from its own bytes. Times are in seconds from the film's start. */
export interface SegmentFacts {
  startSeconds: number;
  durationSeconds: number;
  frames: number;
  /** Bytes from the segment's start to the end of its first frame. */
  firstFrameBytes: number;
}

export interface InitFacts {
  kind: 'video' | 'audio';
  timescale: number;
  /** RFC 6381. */
  codecs: string;
  defaults: SampleDefaults;
}

/** Reads an init segment. @throws Error that says what is wrong with it */
export function readInit(data: Buffer): InitFacts {
  const media = findBox(data, ['moov', 'trak', 'mdia']);
  const inside = readBoxes(data, media.body, media.end);
  const header = findBox(data, ['mdhd'], inside);
  const handler = findBox(data, ['hdlr'], inside);
  const timescale = data.readUInt32BE(header.body + (data[header.body] === 1 ? 20 : 12));
  const video = data.toString('latin1', handler.body + 8, handler.body + 12) === 'vide';
  const description = findBox(data, ['minf', 'stbl', 'stsd'], inside);
  const [entry] = readBoxes(data, description.body + 8, description.end);
  if (!entry) throw new Error('the init segment describes no sample');
  return {
    kind: video ? 'video' : 'audio',
    timescale,
    codecs: video ? avcCodecs(data, entry) : entry.type === 'ac-3' ? 'ac-3' : 'mp4a.40.2',
    defaults: readSampleDefaults(data),
  };
}

/** `avc1.` and profile, constraints and level of the decoder configuration record (ISO/IEC 14496-15, 5.3.3). */
function avcCodecs(data: Buffer, entry: Box): string {
  // A visual sample entry has 78 bytes before its boxes.
  const config = findBox(data, ['avcC'], readBoxes(data, entry.body + 78, entry.end));
  return `${entry.type}.${data.toString('hex', config.body + 1, config.body + 4)}`;
}

/**
 * Reads a media segment and checks it: whole to its last byte, every sample inside it, and beginning with a frame that
 * needs no other.
 * @throws Error that says what is wrong with it
 */
export function readFmp4Segment(data: Buffer, init: InitFacts): SegmentFacts {
  let startTicks: number | undefined;
  let durationTicks = 0;
  let frames = 0;
  let firstFrameBytes = 0;
  for (const { fragment, content } of fragmentsOf(data, init.defaults)) {
    const { decodeTicks, samples } = fragment;
    const [first] = samples;
    if (startTicks === undefined && first) {
      startTicks = decodeTicks + first.offsetTicks;
      firstFrameBytes = content.body + first.sizeBytes;
      if (init.kind === 'video') assertIdr(data, content.body, first.sizeBytes);
    }
    durationTicks += samples.reduce((sum, sample) => sum + sample.durationTicks, 0);
    frames += samples.length;
  }
  if (startTicks === undefined) throw new NothingInsideError('it holds no movie fragment');
  return {
    startSeconds: startTicks / init.timescale,
    durationSeconds: durationTicks / init.timescale,
    frames,
    firstFrameBytes,
  };
}

const idrSlice = 5;

/** The first frame must be an IDR picture (H.264 7.4.1.2.4): nothing before it may be needed. NAL units have 4-byte lengths. */
function assertIdr(data: Buffer, from: number, size: number): void {
  for (let at = from; at + 4 < from + size; at += 4 + data.readUInt32BE(at)) {
    const type = (data[at + 4] ?? 0) & 0x1f;
    if (type === idrSlice) return;
    if (type >= 1 && type < idrSlice) break;
  }
  throw new Error('it does not begin with a keyframe (IDR)');
}
