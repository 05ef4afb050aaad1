import { describe, it } from 'vitest';
import { tone, useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { pattern } from '../helpers/media/pattern.ts';

const farm = useFarm();
const size: [number, number] = [640, 360];
const aac = ['-c:a', 'aac'];

describe('films of next to nothing', () => {
  it('one frame', async () => {
    const clip = await farm.make(
      'frame.mp4',
      ...pattern({ width: 640, height: 360, seconds: 0.04 }),
      ...x264,
    );
    await farm.check(clip, { size, frames: 1, segments: 1 });
  });

  it('one frame under sound', async () => {
    const clip = await farm.make(
      'frame-sound.mp4',
      ...pattern({ width: 640, height: 360, seconds: 0.04 }),
      ...tone(1),
      ...x264,
      ...aac,
    );
    await farm.check(clip, { size, frames: 1, audioSeconds: [1] });
  });

  it.each(['mp4', 'mkv', 'ts'])('0.3 s (%s)', async (format) => {
    const clip = await farm.make(
      `short.${format}`,
      ...pattern({ width: 640, height: 360, seconds: 0.32 }),
      ...tone(0.3),
      ...x264,
      ...aac,
    );
    await farm.check(clip, { size, frames: 8, audioSeconds: [0.3] });
  });

  it('0.3 s of sound', async () => {
    await farm.check(await farm.make('short.m4a', ...tone(0.3), ...aac), { audioSeconds: [0.3] });
  });

  it('a frame more than a segment', async () => {
    const clip = await farm.make('over.mp4', ...pattern({ width: 640, height: 360, seconds: 2.04 }), ...x264);
    await farm.check(clip, { size, frames: 51, segments: 1 });
  });

  it('a small picture', async () => {
    const clip = await farm.make('stamp.mp4', ...pattern({ width: 96, height: 54, seconds: 3 }), ...x264);
    await farm.check(clip, { size: [96, 54], frames: 75 });
  });
});
