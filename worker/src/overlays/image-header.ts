import type { ImageFormat } from '../ffmpeg/inputs.ts';

/** What an image says of itself in its header. */
export interface ImageHeader {
  format: ImageFormat;
  width: number;
  height: number;
}

/** @returns undefined for what is not a PNG, JPEG or WebP, or is cut off; an animation has no size here */
export function readImageHeader(file: Buffer): ImageHeader | 'animated' | undefined {
  try {
    if (file.subarray(0, 8).equals(pngSignature)) return readPng(file);
    if (file.readUInt16BE(0) === 0xffd8) return readJpeg(file);
    const isWebp = file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WEBP';
    return isWebp ? readWebp(file) : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** https://www.w3.org/TR/png-3/#11IHDR */
function readPng(file: Buffer): ImageHeader | undefined {
  if (file.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  return { format: 'png', width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
}

/** ITU-T T.81, table B.1: all frame headers but those of arithmetic coding, DHT (c4), JPG (c8) and DAC (cc). */
const frameHeaders = new Set([0xc0, 0xc1, 0xc2, 0xc3]);

function readJpeg(file: Buffer): ImageHeader | undefined {
  for (let at = 2; ; ) {
    if (file.readUInt8(at) !== 0xff) return undefined;
    const marker = file.readUInt8(at + 1);
    // Fill bytes, and markers without a length.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else if (frameHeaders.has(marker)) {
      return { format: 'jpeg', width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) };
    } else if (marker === 0xd9 || marker === 0xda) return undefined;
    else at += 2 + Math.max(2, file.readUInt16BE(at + 2));
  }
}

/** https://developers.google.com/speed/webp/docs/riff_container */
function readWebp(file: Buffer): ImageHeader | 'animated' | undefined {
  const size = (width: number, height: number): ImageHeader => ({ format: 'webp', width, height });
  switch (file.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return size(file.readUInt16LE(26) & 0x3fff, file.readUInt16LE(28) & 0x3fff);
    case 'VP8L': {
      const bits = file.readUInt32LE(21);
      return size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    case 'VP8X':
      if ((file.readUInt8(20) & 0x02) !== 0) return 'animated';
      return size(file.readUIntLE(24, 3) + 1, file.readUIntLE(27, 3) + 1);
    default:
      return undefined;
  }
}
