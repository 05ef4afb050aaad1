/** What a frame of AC-3 says of itself (ETSI TS 102 366, 4.4). */
export interface Ac3Frame {
  bytes: number;
  sampleRate: number;
  channels: number;
  /** The content of a `dac3` box (F.4). */
  description: Buffer;
}

export const ac3FrameSamples = 1536;

const sampleRates = [48_000, 44_100, 32_000];
const kilobits = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
/** By the number of the channels' arrangement, without low frequencies. */
const fullChannels = [2, 1, 2, 3, 3, 4, 4, 5];

/** @throws Error that says what is wrong with it */
export function readAc3Frames(data: Buffer): Ac3Frame[] {
  const frames: Ac3Frame[] = [];
  for (let at = 0; at < data.length; ) {
    const frame = readFrame(data, at);
    frames.push(frame);
    at += frame.bytes;
    if (at > data.length) throw new Error('an AC-3 frame is cut off');
  }
  return frames;
}

function readFrame(data: Buffer, at: number): Ac3Frame {
  if (at + 8 > data.length || data.readUInt16BE(at) !== 0x0b77) throw new Error('an AC-3 frame is cut off');
  const [rates = 0, kind = 0] = [data[at + 4], data[at + 5]];
  const [rateCode, sizeCode] = [rates >> 6, rates & 0x3f];
  const [sampleRate, kilobit] = [sampleRates[rateCode], kilobits[sizeCode >> 1]];
  if (sampleRate === undefined || kilobit === undefined) throw new Error('an AC-3 frame has no known rate');
  const bits = data.readUInt16BE(at + 6);
  const mode = bits >> 13;
  // Levels of the mix stand between mode and low frequencies, as far as the mode has those channels.
  const levels = (mode & 1 && mode !== 1 ? 2 : 0) + (mode & 4 ? 2 : 0) + (mode === 2 ? 2 : 0);
  const low = (bits >> (12 - levels)) & 1;
  const description = Buffer.alloc(3);
  description.writeUIntBE(
    (rateCode << 22) | (kind << 14) | (mode << 11) | (low << 10) | ((sizeCode >> 1) << 5),
    0,
    3,
  );
  return {
    bytes: 2 * wordsOf(sampleRate, kilobit, sizeCode & 1),
    sampleRate,
    channels: (fullChannels[mode] ?? 2) + low,
    description,
  };
}

/** At 44.1 kHz a frame is no whole number of words, so some have one more. */
function wordsOf(sampleRate: number, kilobit: number, isLonger: number): number {
  const words = (kilobit * 1000 * ac3FrameSamples) / sampleRate / 16;
  return Math.floor(words) + (sampleRate === 44_100 ? isLonger : 0);
}
