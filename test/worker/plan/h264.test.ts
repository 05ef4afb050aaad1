import { expect, it } from 'vitest';
import { h264Level } from '../../../worker/src/plan/h264.ts';

it.each([
  [426, 240, 30, 550_000, '3.0'],
  [640, 360, 30, 1_100_000, '3.0'],
  [640, 360, 60, 1_640_000, '3.1'],
  [960, 540, 30, 3_000_000, '3.1'],
  [1280, 720, 30, 4_500_000, '3.1'],
  [1280, 720, 60, 6_750_000, '3.2'],
  [1920, 1080, 30, 9_000_000, '4.0'],
  [1080, 1920, 30, 9_000_000, '4.0'],
  [1920, 1080, 60, 13_500_000, '4.2'],
  [1920, 1080, 30, 40_000_000, '4.1'],
  [2560, 1440, 30, 18_000_000, '5.0'],
  [3840, 2160, 30, 39_000_000, '5.1'],
  [3840, 2160, 60, 59_000_000, '5.2'],
  [7680, 4320, 60, 100_000_000, '6.1'],
])('gives %dx%d at %d frames and %d bits a second level %s', (width, height, rate, maxBitrate, level) => {
  const frameRate = { num: rate, den: 1 };
  expect(h264Level({ width, height, frameRate, maxBitrate, bufferSize: (maxBitrate * 4) / 3 })).toBe(level);
});
