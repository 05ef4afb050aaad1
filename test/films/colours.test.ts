import { describe, expect, it } from 'vitest';
import { pattern } from '../helpers/pattern.ts';
import { useFarm } from '../helpers/use-farm.ts';

const farm = useFarm();
const size: [number, number] = [640, 360];
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast'];

describe('colours come out as they went in, in 8 bits and 4:2:0', () => {
  it.each([
    ['10 bits', 'mp4', [...x264, '-pix_fmt', 'yuv420p10le']],
    ['4:2:2', 'mp4', [...x264, '-pix_fmt', 'yuv422p']],
    ['4:4:4', 'mp4', [...x264, '-pix_fmt', 'yuv444p']],
    ['ProRes, 4:2:2 in 10 bits', 'mov', ['-c:v', 'prores', '-profile:v', '0']],
    ['full range', 'mp4', ['-vf', 'scale=out_range=full', ...x264, '-pix_fmt', 'yuvj420p']],
  ])('from %s', async (name, format, codec) => {
    const clip = await farm.make(
      `${name.replace(/\W/g, '')}.${format}`,
      ...pattern({ seconds: 4 }),
      ...codec,
    );
    await farm.check(clip, { size, frames: 100 });
  });

  it.each([
    ['PQ', 'smpte2084'],
    ['HLG', 'arib-std-b67'],
  ])('from HDR (%s), tone-mapped', async (name, transfer) => {
    const colours = `colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc`;
    const clip = await farm.make(
      `${name}.mp4`,
      ...pattern({ seconds: 4 }),
      ...['-vf', 'scale=out_color_matrix=bt2020,format=yuv420p10le'],
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'],
      ...['-x265-params', `log-level=none:${colours}`],
    );
    const { film } = await farm.check(clip, { size, frames: 100 });
    for (const { stream } of film.video) expect(stream.color_transfer).toBe('bt709');
  });

  it('from fields, joined to whole frames', async () => {
    const clip = await farm.make(
      'interlaced.mp4',
      ...pattern({ rate: '50', seconds: 4, filter: 'interlace=scan=tff:lowpass=off' }),
      ...[...x264, '-pix_fmt', 'yuv420p', '-flags', '+ilme+ildct', '-x264-params', 'tff=1'],
    );
    // The first field of a frame is what is kept; nothing comes before the first frame, so both are seen in it.
    await farm.check(clip, { size, frames: 100, numberOf: (n) => (n === 0 ? 1 : 2 * n) });
  });
});
