import { type Box, findBox, readBoxes } from '../probe/boxes.ts';
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
  /** From `trex`: used where a fragment has none. */
  defaultDuration: number;
  defaultSize: number;
}

/** Reads an init segment. @throws Error that says what is wrong with it */
export function readInit(data: Buffer): InitFacts {
  const media = findBox(data, ['moov', 'trak', 'mdia']);
  const inside = readBoxes(data, media.body, media.end);
  const header = findBox(data, ['mdhd'], inside);
  const handler = findBox(data, ['hdlr'], inside);
  const timescale = data.readUInt32BE(header.body + (data[header.body] === 1 ? 20 : 12));
  const video = data.toString('latin1', handler.body + 8, handler.body + 12) === 'vide';
  const extends_ = findBox(data, ['moov', 'mvex', 'trex']);
  const description = findBox(data, ['minf', 'stbl', 'stsd'], inside);
  const [entry] = readBoxes(data, description.body + 8, description.end);
  if (!entry) throw new Error('the init segment describes no sample');
  return {
    kind: video ? 'video' : 'audio',
    timescale,
    codecs: video ? avcCodecs(data, entry) : entry.type === 'ac-3' ? 'ac-3' : 'mp4a.40.2',
    defaultDuration: data.readUInt32BE(extends_.body + 12),
    defaultSize: data.readUInt32BE(extends_.body + 16),
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
  const boxes = readBoxes(data);
  const fragments = boxes.filter((box) => box.type === 'moof');
  if (fragments.length === 0) throw new NothingInsideError('it holds no movie fragment');
  let start: number | undefined;
  let duration = 0;
  let frames = 0;
  let firstFrameBytes = 0;
  for (const fragment of fragments) {
    const content = boxes[boxes.indexOf(fragment) + 1];
    if (content?.type !== 'mdat') throw new Error('a movie fragment has no media data after it');
    const samples = readFragment(data, fragment, init);
    const bytes = samples.sizes.reduce((sum, size) => sum + size, 0);
    if (bytes !== content.end - content.body) {
      throw new Error(`its samples are ${bytes} bytes, its media data ${content.end - content.body}`);
    }
    if (start === undefined) {
      start = samples.decodeTime + samples.firstOffset;
      firstFrameBytes = content.body + (samples.sizes[0] ?? 0);
      if (init.kind === 'video') assertIdr(data, content.body, samples.sizes[0] ?? 0);
    }
    duration += samples.duration;
    frames += samples.sizes.length;
  }
  return {
    startSeconds: (start ?? 0) / init.timescale,
    durationSeconds: duration / init.timescale,
    frames,
    firstFrameBytes,
  };
}

interface Samples {
  decodeTime: number;
  duration: number;
  /** Composition offset of the first sample. */
  firstOffset: number;
  sizes: number[];
}

/** Reads `tfhd`, `tfdt` and all `trun` of a fragment (ISO/IEC 14496-12, 8.8.7, 8.8.12, 8.8.8). */
function readFragment(data: Buffer, fragment: Box, init: InitFacts): Samples {
  const track = findBox(data, ['traf'], readBoxes(data, fragment.body, fragment.end));
  const boxes = readBoxes(data, track.body, track.end);
  const header = findBox(data, ['tfhd'], boxes);
  const flags = data.readUIntBE(header.body + 1, 3);
  let at = header.body + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  let defaultDuration = init.defaultDuration;
  let defaultSize = init.defaultSize;
  if (flags & 0x8) {
    defaultDuration = data.readUInt32BE(at);
    at += 4;
  }
  if (flags & 0x10) defaultSize = data.readUInt32BE(at);

  const time = findBox(data, ['tfdt'], boxes);
  const decodeTime =
    data[time.body] === 1 ? Number(data.readBigUInt64BE(time.body + 4)) : data.readUInt32BE(time.body + 4);
  const samples: Samples = { decodeTime, duration: 0, firstOffset: 0, sizes: [] };
  for (const run of boxes.filter((box) => box.type === 'trun')) {
    readRun(data, run, samples, defaultDuration, defaultSize);
  }
  if (samples.sizes.length === 0) throw new Error('a movie fragment has no samples');
  return samples;
}

function readRun(
  data: Buffer,
  run: Box,
  samples: Samples,
  defaultDuration: number,
  defaultSize: number,
): void {
  const flags = data.readUIntBE(run.body + 1, 3);
  const count = data.readUInt32BE(run.body + 4);
  let at = run.body + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  for (let sample = 0; sample < count; sample++) {
    let duration = defaultDuration;
    let size = defaultSize;
    if (flags & 0x100) {
      duration = data.readUInt32BE(at);
      at += 4;
    }
    if (flags & 0x200) {
      size = data.readUInt32BE(at);
      at += 4;
    }
    if (flags & 0x400) at += 4;
    if (flags & 0x800) {
      if (samples.sizes.length === 0) samples.firstOffset = data.readInt32BE(at);
      at += 4;
    }
    samples.duration += duration;
    samples.sizes.push(size);
  }
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
