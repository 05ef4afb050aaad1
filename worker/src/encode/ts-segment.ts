import { ac3FrameSamples, readAc3Frames } from '../probe/ac3-frames.ts';
import type { SegmentFacts } from './fmp4-segment.ts';
import { NothingInsideError } from './nothing-inside.ts';
import { mpegtsOffsetSeconds } from './segment-arguments.ts';

/** Sizes and clock of MPEG-TS (ISO/IEC 13818-1, 2.4.3). */
const packetBytes = 188;
const syncByte = 0x47;
const ticksPerSecond = 90_000;

export interface TsFacts extends SegmentFacts {
  kind: 'video' | 'audio';
  /** RFC 6381. */
  codecs: string;
}

/**
 * Reads an MPEG-TS media segment with one stream in it and checks it: whole packets, its tables at the start, and
 * beginning with a frame that needs no other.
 * @throws Error that says what is wrong with it
 */
export function readTsSegment(data: Buffer): TsFacts {
  if (data.length === 0 || data.length % packetBytes !== 0) {
    throw new Error(`its ${data.length} bytes are not whole packets of ${packetBytes}`);
  }
  const units = readUnits(data);
  const first = units[0];
  if (!first) throw new NothingInsideError('it holds no frame');
  return first.streamId >= 0xe0 ? videoFacts(units, first) : audioFacts(units, first);
}

/** One PES packet: a video frame, or some AAC frames. */
interface Unit {
  streamId: number;
  pts: number;
  payload: Buffer[];
  randomAccess: boolean;
  /** Bytes that are still to come, by its header; below zero where the header has no length. */
  missingBytes: number;
  /** Offset of the packet that comes after its last one. */
  endOffset: number;
}

function readUnits(data: Buffer): Unit[] {
  const units: Unit[] = [];
  let mediaPid = -1;
  let counter = -1;
  for (let at = 0; at < data.length; at += packetBytes) {
    if (data[at] !== syncByte) throw new Error(`a packet at byte ${at} does not begin with the sync byte`);
    const pid = data.readUInt16BE(at + 1) & 0x1fff;
    if (at === 0 && pid !== 0 && pid !== 0x11) throw new Error('it does not begin with its tables');
    const control = ((data[at + 3] ?? 0) >> 4) & 0x3;
    const fieldBytes = control & 0x2 ? 1 + (data[at + 4] ?? 0) : 0;
    const payload = data.subarray(at + 4 + fieldBytes, at + packetBytes);
    if (pid === mediaPid && control & 0x1) {
      // Packets of a stream are counted modulo 16 (2.4.3.3).
      if (((data[at + 3] ?? 0) & 0xf) !== (counter + 1) % 16)
        throw new Error(`a packet before byte ${at} is lost`);
      counter = (data[at + 3] ?? 0) & 0xf;
    }
    const starts = ((data[at + 1] ?? 0) & 0x40) !== 0;
    if (starts && payload.length >= 14 && payload.readUIntBE(0, 3) === 1) {
      const randomAccess = fieldBytes > 1 && ((data[at + 5] ?? 0) & 0x40) !== 0;
      const header = 9 + (payload[8] ?? 0);
      // Frames of 64 KiB and more can't hold their length.
      const length = payload.readUInt16BE(4);
      units.push({
        streamId: payload[3] ?? 0,
        pts: readPts(payload),
        payload: [payload.subarray(header)],
        randomAccess,
        missingBytes: length === 0 ? -1 : 6 + length - payload.length,
        endOffset: at + packetBytes,
      });
      mediaPid = pid;
      counter = (data[at + 3] ?? 0) & 0xf;
    } else if (units.length > 0 && pid === mediaPid && control & 0x1) {
      const unit = units[units.length - 1];
      unit?.payload.push(payload);
      if (unit && unit.missingBytes >= 0) unit.missingBytes -= payload.length;
      if (unit) unit.endOffset = at + packetBytes;
    }
  }
  if (units.some((unit) => unit.missingBytes > 0)) throw new Error('a frame is cut off');
  return units;
}

/** The five bytes of a PES packet's presentation time (2.4.3.7). */
function readPts(pes: Buffer): number {
  const byte = (index: number) => pes[9 + index] ?? 0;
  return (
    ((byte(0) >> 1) & 0x7) * 2 ** 30 +
    byte(1) * 2 ** 22 +
    (byte(2) >> 1) * 2 ** 15 +
    byte(3) * 2 ** 7 +
    (byte(4) >> 1)
  );
}

function videoFacts(units: Unit[], first: Unit): TsFacts {
  const nals = nalUnits(Buffer.concat(first.payload));
  if (!first.randomAccess || !nals.some((nal) => ((nal[0] ?? 0) & 0x1f) === 5)) {
    throw new Error('it does not begin with a keyframe (IDR)');
  }
  const parameters = nals.find((nal) => ((nal[0] ?? 0) & 0x1f) === 7);
  if (!parameters) throw new Error('its first frame brings no sequence parameters');
  const times = units.map((unit) => unit.pts);
  const start = Math.min(...times);
  const span = Math.max(...times) - start;
  // Frames have no duration here: the last one is taken to be as long as the others.
  const frame = units.length > 1 ? span / (units.length - 1) : 0;
  return {
    kind: 'video',
    codecs: `avc1.${parameters.toString('hex', 1, 4)}`,
    startSeconds: start / ticksPerSecond - mpegtsOffsetSeconds,
    durationSeconds: (span + frame) / ticksPerSecond,
    frames: units.length,
    firstFrameBytes: first.endOffset,
  };
}

/** Splits a byte stream at its start codes (H.264 Annex B). */
function nalUnits(stream: Buffer): Buffer[] {
  const starts: number[] = [];
  for (let at = stream.indexOf('\x00\x00\x01'); at >= 0; at = stream.indexOf('\x00\x00\x01', at + 3))
    starts.push(at + 3);
  return starts.map((start, index) => stream.subarray(start, starts[index + 1] ?? stream.length));
}

const sampleRates = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
];
const aacFrameSamples = 1024;

/** Streams of kinds that MPEG did not foresee. */
const privateStream = 0xbd;

function audioFacts(units: Unit[], first: Unit): TsFacts {
  const stream = Buffer.concat(units.flatMap((unit) => unit.payload));
  const { codecs, frames, frameSeconds } =
    first.streamId === privateStream ? ac3Facts(stream) : aacFacts(stream);
  return {
    kind: 'audio',
    codecs,
    startSeconds: first.pts / ticksPerSecond - mpegtsOffsetSeconds,
    durationSeconds: frames * frameSeconds,
    frames,
    firstFrameBytes: first.endOffset,
  };
}

function ac3Facts(stream: Buffer) {
  const frames = readAc3Frames(stream);
  const [first] = frames;
  if (first === undefined) throw new NothingInsideError('it holds no frame');
  return { codecs: 'ac-3', frames: frames.length, frameSeconds: ac3FrameSamples / first.sampleRate };
}

/** Walks the ADTS frames (ISO/IEC 13818-7, 6.2). */
function aacFacts(stream: Buffer) {
  const rate = sampleRates[((stream[2] ?? 0) >> 2) & 0xf] ?? 48_000;
  let frames = 0;
  for (let at = 0; at < stream.length; frames++) {
    if (at + 7 > stream.length || (stream.readUInt16BE(at) & 0xfff6) !== 0xfff0)
      throw new Error('an AAC frame is cut off');
    const size = (stream.readUInt32BE(at + 2) >> 5) & 0x1fff || 1;
    at += size;
    if (at > stream.length) throw new Error('an AAC frame is cut off');
  }
  return { codecs: 'mp4a.40.2', frames, frameSeconds: aacFrameSamples / rate };
}
