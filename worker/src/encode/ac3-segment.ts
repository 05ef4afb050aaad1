import type { AudioRendition, Plan } from '../plan/plan.ts';
import { type Ac3Frame, ac3FrameSamples } from '../probe/ac3-frames.ts';

/**
 * Whether the worker makes the segments of a rendition from frames: ffmpeg's segment muxer writes the initialization section before it
 * knows the first frame, from which AC-3 has its description.
 */
export function isPacked(
  { segmentFormat }: Pick<Plan, 'segmentFormat'>,
  { codec }: Pick<AudioRendition, 'codec'>,
): boolean {
  return segmentFormat === 'fmp4' && codec === 'ac3';
}

/**
 * Frames of the source, which are as the plan says.
 * @throws Error when the last one is not whole
 */
export function copiedFrames(
  data: Buffer,
  { copied, sampleRate, channels }: Pick<AudioRendition, 'copied' | 'sampleRate' | 'channels'>,
): Ac3Frame[] {
  if (copied === undefined || data.length % copied.bytes !== 0) throw new Error('an AC-3 frame is cut off');
  const { bytes } = copied;
  const description = Buffer.from(copied.description, 'hex');
  return Array.from({ length: data.length / bytes }, () => ({ bytes, sampleRate, channels, description }));
}

const trackId = 1;

/** An initialization section (ISO/IEC 14496-12, 8; ETSI TS 102 366, F). It follows from what a frame says alone, so all parts have the same. */
export function ac3Init({ sampleRate, channels, description }: Ac3Frame): Buffer {
  const entry = box(
    'ac-3',
    ...[zeros(6), u16(1), zeros(8), u16(channels), u16(16), zeros(4), u32(sampleRate * 0x10000)],
    box('dac3', description),
  );
  const empty = u32(0);
  const table = box(
    'stbl',
    fullBox('stsd', 0, u32(1), entry),
    fullBox('stts', 0, empty),
    fullBox('stsc', 0, empty),
    fullBox('stsz', 0, empty, empty),
    fullBox('stco', 0, empty),
  );
  const media = box(
    'mdia',
    // Language "und".
    fullBox('mdhd', 0, zeros(8), u32(sampleRate), zeros(4), u16(0x55c4), zeros(2)),
    fullBox('hdlr', 0, zeros(4), Buffer.from('soun'), zeros(12), Buffer.from('SoundHandler\0')),
    box(
      'minf',
      fullBox('smhd', 0, zeros(4)),
      box('dinf', fullBox('dref', 0, u32(1), fullBox('url ', 1))),
      table,
    ),
  );
  return Buffer.concat([
    box('ftyp', Buffer.from('iso6'), u32(0), Buffer.from('iso6cmfc')),
    box(
      'moov',
      fullBox(
        'mvhd',
        0,
        zeros(8),
        u32(1000),
        zeros(4),
        u32(0x10000),
        u16(0x100),
        zeros(10),
        matrix,
        zeros(24),
        u32(2),
      ),
      box(
        'trak',
        // Enabled, in the film and in its preview.
        fullBox('tkhd', 7, zeros(8), u32(trackId), zeros(20), u16(0x100), zeros(2), matrix, zeros(8)),
        media,
      ),
      box('mvex', fullBox('trex', 0, u32(trackId), u32(1), u32(ac3FrameSamples), u32(0), u32(needsNoOther))),
    ),
  ]);
}

/** A media segment: one fragment with all frames. @param firstFrame counts from the film's start */
export function ac3Segment(
  data: Buffer,
  frames: readonly Ac3Frame[],
  { number, firstFrame }: { number: number; firstFrame: number },
): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(firstFrame) * BigInt(ac3FrameSamples));
  const fragment = (offset: number) =>
    box(
      'moof',
      fullBox('mfhd', 0, u32(number + 1)),
      box(
        'traf',
        fullBox('tfhd', 0x020000, u32(trackId)),
        fullBox('tfdt', 0x01000000, time),
        fullBox('trun', 0x201, u32(frames.length), u32(offset), ...frames.map(({ bytes }) => u32(bytes))),
      ),
    );
  const header = 8;
  const { length } = fragment(0);
  return Buffer.concat([fragment(length + header), box('mdat', data)]);
}

/** A sample that depends on no other. */
const needsNoOther = 0x02000000;

const matrix = Buffer.concat([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const size = content.reduce((sum, { length }) => sum + length, 8);
  return Buffer.concat([u32(size), Buffer.from(type, 'latin1'), ...content]);
}

/** @param flags version and flags */
function fullBox(type: string, flags: number, ...content: readonly Buffer[]): Buffer {
  return box(type, u32(flags), ...content);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function zeros(count: number): Buffer {
  return Buffer.alloc(count);
}
