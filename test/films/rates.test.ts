import { execFileSync } from 'node:child_process';
import { describe, it } from 'vitest';
import { useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { pattern } from '../helpers/media/pattern.ts';

const isOldFfmpeg = /ffmpeg version n?5\./.test(execFileSync('ffmpeg', ['-version']).toString());
const farm = useFarm();
const size: [number, number] = [320, 180];

describe('every frame is shown at its time, over the seams of all parts', () => {
  it.each([
    ['24000/1001', 24000, 1001],
    ['25', 25, 1],
    ['30000/1001', 30000, 1001],
    ['30', 30, 1],
    ['50', 50, 1],
    ['60', 60, 1],
  ] as const)('at %s frames per second', async (rate, num, den) => {
    const frames = Math.round((5 * num) / den);
    const picture = pattern({ rate, seconds: (frames * den) / num });
    const clip = await farm.make(`${num}-${den}.mp4`, ...picture, ...x264);
    await farm.check(clip, { size, rate: [num, den], frames });
  });

  it.each([
    ['24000/1001', 24000, 1001],
    ['30000/1001', 30000, 1001],
  ] as const)('at %s frames per second in Matroska, which rounds times', async (rate, num, den) => {
    const frames = Math.round((5 * num) / den);
    const picture = pattern({ rate, seconds: (frames * den) / num });
    const clip = await farm.make(`${num}-${den}.mkv`, ...picture, ...x264);
    await farm.check(clip, { size, rate: [num, den], frames });
  });

  it('at 60000/1001 frames per second in 600 ticks a second, as QuickTime has it, with B-frames', async () => {
    const picture = pattern({ rate: '60000/1001', seconds: (180 * 1001) / 60000 });
    const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
    const clip = await farm.make('ticks.mov', ...picture, ...codec, '-video_track_timescale', '600');
    await farm.check(clip, { size, rate: [60000, 1001], frames: 180 });
  });

  it('at 120 frames per second, of which every second is kept', async () => {
    const clip = await farm.make('120.mp4', ...pattern({ rate: '120', seconds: 4 }), ...x264);
    await farm.check(clip, { size, rate: [60, 1], frames: 240, numberOf: (n) => 2 * n });
  });

  it('at a frame in two seconds, each shown twice', async () => {
    const clip = await farm.make('slow.mp4', ...pattern({ rate: '1/2', seconds: 8 }), ...x264);
    await farm.check(clip, { size, rate: [1, 1], frames: 8, numberOf: (n) => Math.floor(n / 2) });
  });
});

// Later versions write no length of the last frame into such an MP4, and leave it out when they read it.
const lateFormats = isOldFfmpeg ? ['mp4', 'mkv'] : ['mkv'];

describe('a film of varying rate is put on a grid', () => {
  const vary = (select: string) => ['-vf', `select='${select}'`, '-fps_mode', 'vfr'];

  it.each(['mp4', 'mkv'])('with single frames missing (%s)', async (format) => {
    const missing = vary('not(eq(mod(n,7),3))');
    const clip = await farm.make(`missing.${format}`, ...pattern(), ...missing, ...x264);
    await farm.check(clip, { size, frames: 150, numberOf: (n) => (n % 7 === 3 ? n - 1 : n) });
  });

  it.each(['mp4', 'mkv'])('with a rate that halves (%s)', async (format) => {
    const halving = vary('lt(n,60)+not(mod(n,2))');
    const clip = await farm.make(`halving.${format}`, ...pattern({ seconds: 6.04 }), ...halving, ...x264);
    await farm.check(clip, { size, frames: 151, numberOf: (n) => (n < 60 ? n : n - (n % 2)) });
  });

  it.each(lateFormats)('with frames that each come a little late, all of them once (%s)', async (format) => {
    const late = [
      '-vf',
      "setpts='PTS+floor(random(1)*15)*0.001/TB'",
      '-fps_mode',
      'vfr',
      '-enc_time_base',
      '1:1000',
    ];
    const clip = await farm.make(`late.${format}`, ...pattern(), ...late, ...x264);
    await farm.check(clip, { size, frames: 150 });
  });

  it('with pictures that stand for longer than a segment', async () => {
    const standing = vary('lt(n,30)+gt(n,140)');
    const clip = await farm.make('standing.mp4', ...pattern({ seconds: 7 }), ...standing, ...x264);
    await farm.check(clip, { size, frames: 175, numberOf: (n) => (n < 30 || n > 140 ? n : 29) });
  });

  it('in MPEG-TS', async () => {
    const clip = await farm.make('to-ts.mp4', ...pattern(), ...vary('not(eq(mod(n,7),3))'), ...x264);
    const numberOf = (n: number) => (n % 7 === 3 ? n - 1 : n);
    await farm.check(clip, { size, frames: 150, numberOf }, { environment: { SEGMENT_FORMAT: 'mpegts' } });
  });
});
