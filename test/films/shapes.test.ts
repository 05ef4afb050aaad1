import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'vitest';
import { useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { pattern, type Turn } from '../helpers/media/pattern.ts';
import { turnClip } from './turn-clip.ts';

const farm = useFarm();

describe('the shape of a film is kept', () => {
  it.each([
    ['landscape', 640, 360],
    ['wide', 640, 272],
    ['portrait', 360, 640],
    ['square', 360, 360],
    ['4:3', 480, 360],
  ])('%s', async (name, width, height) => {
    const clip = await farm.make(
      `${name.replace(':', 'x')}.mp4`,
      ...pattern({ width, height, seconds: 4.4 }),
      ...x264,
    );
    // The rest of 0.4 s stays with the segment before it.
    await farm.check(clip, { size: [width, height], frames: 110, segments: 2 });
  });

  it.each([90, 180, 270] as Turn[])('turned by %s degrees', async (turn) => {
    const upright = await farm.make(`turned-${turn}.mp4`, ...pattern({ seconds: 4 }), ...x264);
    const clip = await turnClip(upright, turn);
    await farm.check(clip, { size: turn === 180 ? [320, 180] : [180, 320], frames: 100, turn });
  });

  it.each([
    ['wider', 480, 360, '4/3', [640, 360]],
    ['narrower', 640, 360, '3/4', [480, 360]],
    ['as on a DVD', 720, 480, '32/27', [852, 480]],
  ] as const)('with pixels that are not square: %s', async (name, width, height, aspect, [shown, lines]) => {
    const picture = pattern({ width, height, seconds: 4, filter: `setsar=${aspect}` });
    const clip = await farm.make(`anamorphic-${name}.mp4`, ...picture, ...x264);
    await farm.check(clip, { size: [shown, lines], frames: 100 });
  });

  it('with pixels that are not square, turned', async () => {
    const picture = pattern({ width: 480, height: 360, seconds: 4, filter: 'setsar=4/3' });
    const upright = await farm.make('anamorphic.mp4', ...picture, ...x264);
    const clip = await turnClip(upright, 90);
    await farm.check(clip, { size: [360, 640], frames: 100, turn: 90 });
  });

  it('with odd sizes, which lose a line', async () => {
    const picture = pattern({ width: 641, height: 361, seconds: 4 });
    const clip = await farm.make('odd.mkv', ...picture, '-c:v', 'ffv1', '-pix_fmt', 'yuv444p');
    await farm.check(clip, { size: [640, 360], frames: 100 });
  });

  it('in MPEG-TS as in fMP4', async () => {
    const upright = await farm.make('upright-ts.mp4', ...pattern(), ...x264);
    const clip = await turnClip(upright, 90);
    const environment = { SEGMENT_FORMAT: 'mpegts' } as const;
    await farm.check(clip, { size: [180, 320], frames: 150, turn: 90, segments: 3 }, { environment });
  });
});

describe('a picture that changes its size in the middle of the film keeps every frame, in the size of the first', () => {
  const vp8 = ['-c:v', 'libvpx', '-deadline', 'realtime', '-b:v', '2M'];

  it.each([
    ['MP4', 'ts', 'mp4', x264],
    ['MPEG-TS', 'ts', 'ts', x264],
    ['WebM', 'webm', 'webm', vp8],
  ] as const)('in %s', async (_, piece, format, codec) => {
    // Frames 0 to 49 in one size, 50 to 99 in another, in one stream.
    const rest = { width: 240, height: 180, seconds: 4, filter: 'trim=start_frame=50,setpts=PTS-STARTPTS' };
    const large = await farm.make(`large-${format}.${piece}`, ...pattern({ seconds: 2 }), ...codec);
    const small = await farm.make(`small-${format}.${piece}`, ...pattern(rest), ...codec);
    const list = join(dirname(large), `${format}.txt`);
    await writeFile(list, [large, small].map((path) => `file '${path}'\n`).join(''));
    const clip = await farm.make(
      `changing.${format}`,
      '-f',
      'concat',
      '-safe',
      '0',
      '-i',
      list,
      '-c',
      'copy',
    );
    await farm.check(clip, { size: [320, 180], frames: 100 });
  });
});
