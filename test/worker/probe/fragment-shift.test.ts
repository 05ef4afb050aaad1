import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findFragmentShift } from '../../../worker/src/probe/fragment-shift.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';

const packet = (pts_time: number, dts_time: number) => ({
  pts_time,
  dts_time,
  duration_time: 0.04,
  flags: 'K__',
  side_data_list: [],
});

it.each([
  ['is what the first frame is shown too late where offsets are negative', '+negative_cts_offsets', 0.08],
  ['is nothing where the file itself has the frame shown later than it is decoded', '', 0],
])('the shift of a fragmented film %s', async (_, flag, shift) => {
  await using folder = await temporaryFolder();
  const clip = join(folder.path, 'clip.mp4');
  const codec = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-pix_fmt',
    'yuv420p',
    '-x264-params',
    'bframes=3:b-pyramid=normal:b-adapt=0',
  ];
  const picture = [
    '-f',
    'lavfi',
    '-i',
    'sine=d=1',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=64x36:r=25:d=1',
    '-map',
    '0',
    '-map',
    '1',
  ];
  await ffmpeg(...picture, ...codec, '-movflags', `+frag_keyframe+empty_moov${flag}`, clip);
  const read = async (bytes: number) => (await readFile(clip)).subarray(0, bytes);
  expect(await findFragmentShift(1, packet(0.08, 0), read)).toBeCloseTo(shift, 6);
  expect(await findFragmentShift(1, packet(0, 0), read)).toBe(0);
  expect(await findFragmentShift(1, packet(0.08, 0), async () => Buffer.from('no film'))).toBe(0);
});
