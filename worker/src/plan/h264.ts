import type { Fraction } from '../probe/media.ts';

interface Level {
  name: string;
  /** Macroblocks per second. */
  maxRate: number;
  /** Macroblocks of a frame. */
  maxFrame: number;
  /** Macroblocks of all reference frames together. */
  maxReferences: number;
  /** Bits per second in Main profile; High has a quarter more. */
  maxBitrate: number;
  /** Bits of the coded picture buffer in Main profile; High has a quarter more. */
  maxBuffer: number;
}

/** ITU-T H.264 (08/2021), Annex A, Table A-1. Levels below 3.0 are of no use: every decoder has 3.0. */
const levels: readonly Level[] = (
  [
    ['3.0', 40_500, 1_620, 8_100, 10_000, 10_000],
    ['3.1', 108_000, 3_600, 18_000, 14_000, 14_000],
    ['3.2', 216_000, 5_120, 20_480, 20_000, 20_000],
    ['4.0', 245_760, 8_192, 32_768, 20_000, 25_000],
    ['4.1', 245_760, 8_192, 32_768, 50_000, 62_500],
    ['4.2', 522_240, 8_704, 34_816, 50_000, 62_500],
    ['5.0', 589_824, 22_080, 110_400, 135_000, 135_000],
    ['5.1', 983_040, 36_864, 184_320, 240_000, 240_000],
    ['5.2', 2_073_600, 36_864, 184_320, 240_000, 240_000],
    ['6.0', 4_177_920, 139_264, 696_320, 240_000, 240_000],
    ['6.1', 8_355_840, 139_264, 696_320, 480_000, 480_000],
    ['6.2', 16_711_680, 139_264, 696_320, 800_000, 800_000],
  ] as const
).map(([name, maxRate, maxFrame, maxReferences, kilobits, kilobitsBuffered]) => ({
  name,
  maxRate,
  maxFrame,
  maxReferences,
  maxBitrate: kilobits * 1000,
  maxBuffer: kilobitsBuffered * 1000,
}));

/** What High profile may have over Main (Table A-2: cpbBrVclFactor 1250 against 1000). */
const highProfileFactor = 1.25;

/** Reference frames that a level must hold for the encoders to use what their presets ask for: B-frames as references. */
const referenceFrames = 4;

export interface CodedVideo {
  width: number;
  height: number;
  frameRate: Fraction;
  /** Bits per second at which the buffer is filled. */
  bitrate: number;
  /** Bits. */
  bufferSize: number;
}

/**
 * The lowest H.264 level that a rendition in High profile keeps to, such as `4.0`; the highest there is when none does.
 * Apple's authoring specification wants at most 4.2 (1.3), which rungs above 1080p exceed.
 */
export function h264Level({ width, height, frameRate, bitrate, bufferSize }: CodedVideo): string {
  const [across, down] = [Math.ceil(width / 16), Math.ceil(height / 16)];
  const frame = across * down;
  const fits = (level: Level) =>
    frame <= level.maxFrame &&
    (frame * frameRate.num) / frameRate.den <= level.maxRate &&
    Math.max(across, down) <= Math.sqrt(8 * level.maxFrame) &&
    referenceFrames * frame <= level.maxReferences &&
    bitrate <= highProfileFactor * level.maxBitrate &&
    bufferSize <= highProfileFactor * level.maxBuffer;
  return levels.find(fits)?.name ?? '6.2';
}
