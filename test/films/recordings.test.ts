import { expect, it } from 'vitest';
import { tone, useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffprobe } from '../helpers/media/clips.ts';
import { pattern } from '../helpers/media/pattern.ts';
import { addToSampleEntry } from './sample-entry.ts';

const farm = useFarm();
const size: [number, number] = [320, 180];
const small = { width: size[0], height: size[1] };

it('takes the film of a motion photo, and not the larger still beside it', async () => {
  const still = ['-f', 'lavfi', '-i', 'testsrc2=s=1280x960:r=2:d=0.5'];
  const clip = await farm.make(
    'motion-photo.mp4',
    ...[...pattern({ ...small, seconds: 3 }), ...still, '-map', '0', '-map', '1', ...x264],
    ...['-disposition:v:0', 'default', '-disposition:v:1', 'default'],
  );
  const { published } = await farm.check(clip, { size, frames: 75 });
  expect(published.warnings).toEqual(['video stream 1 (h264) was left out: one picture makes a film']);
});

it('keeps every frame of a film that is refreshed bit by bit and has no keyframes, in one part', async () => {
  const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
  const refresh = [...codec, '-x264-params', 'intra-refresh=1:keyint=30'];
  const clip = await farm.make('intra-refresh.mp4', ...pattern({ ...small, seconds: 8 }), ...refresh);
  const { published } = await farm.check(clip, { size, frames: 200, segments: 4 });
  expect(published.files.filter((file) => file.includes('/parts/'))).toHaveLength(1);
});

it.each<[what: string, format: string, codec: string[]]>([
  ['H.264', 'mkv', ['libx264', '-x264-params', 'open-gop=1:keyint=33:bframes=3:b-pyramid=normal:ref=3']],
  ['HEVC', 'mp4', ['libx265', '-x265-params', 'log-level=none:open-gop=1:keyint=33:bframes=4']],
])(
  'keeps every frame where parts begin within open groups of pictures, without a warning (%s)',
  async (_, format, codec) => {
    const [name = '', ...params] = codec;
    const picture = [...pattern({ ...small, seconds: 6 }), '-pix_fmt', 'yuv420p'];
    const clip = await farm.make(
      `open.${format}`,
      ...picture,
      '-c:v',
      name,
      '-preset',
      'ultrafast',
      ...params,
    );
    const { published } = await farm.check(clip, { size, frames: 150 });
    expect(published.warnings).toEqual([]);
  },
);

it('shows the first picture that can be decoded from the start, where a cut has lost the keyframe before it', async () => {
  const whole = await farm.make(
    'whole.mp4',
    ...pattern({ ...small, seconds: 6 }),
    ...tone(6),
    ...x264,
    '-g',
    '25',
    '-bf',
    '0',
    '-c:a',
    'aac',
  );
  const lost = ['-c', 'copy', '-bsf:v', "noise=drop='eq(n,0)'"];
  const clip = await farm.make('lost-keyframe.mp4', '-i', whole, ...lost);
  const numberOf = (n: number) => Math.max(25, n + 1);
  await farm.check(clip, { size, frames: 149, audioSeconds: [5.96], numberOf });
});

it('keeps the shape of a film that its container crops, where ffmpeg crops it and where it does not', async () => {
  const bars = pattern({ width: 320, height: 110, seconds: 3, filter: 'pad=320:180:0:35' });
  const clip = await farm.make('cropped.mov', ...bars, ...x264);
  const clap = Buffer.alloc(32);
  for (const [n, value] of [320, 1, 110, 1, 0, 1, 0, 1].entries()) clap.writeUInt32BE(value, 4 * n);
  await addToSampleEntry(clip, 'avcC', 'clap', clap);
  const { streams } = await ffprobe<{ streams: { side_data_list?: unknown[] }[] }>(
    ...['-show_entries', 'stream_side_data', clip],
  );
  const cropped = streams[0]?.side_data_list !== undefined;
  const expected = cropped ? { size: [320, 110] as [number, number] } : { size, showsPattern: false };
  await farm.check(clip, { ...expected, frames: 75 });
});

it('refuses Dolby Vision that no other display can show, by name', async () => {
  const codec = [
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-tag:v',
    'hvc1',
    '-x265-params',
    'log-level=none',
  ];
  const clip = await farm.make('dolby-vision.mp4', ...pattern({ ...small, seconds: 2 }), ...codec);
  const record = Buffer.alloc(24);
  record.writeUInt8(1, 0);
  // Profile 5, level 1, with metadata and a base layer that is compatible with nothing.
  record.writeUInt16BE((5 << 9) | (1 << 3) | 0b101, 2);
  await addToSampleEntry(clip, 'hvcC', 'dvcC', record);
  await expect(farm.check(clip, { size, frames: 50 })).rejects.toMatchObject({ code: 'dolby-vision' });
});

it('caps the average of every rendition, also of noise', async () => {
  const noise = ['-f', 'lavfi', '-i', `nullsrc=s=320x180:r=25:d=12,geq=random(1)*255:128:128`];
  const clip = await farm.make('noise.mkv', ...noise, '-c:v', 'ffv1', '-pix_fmt', 'yuv420p');
  const ladder = [{ rung: '240p' as const, bitrate: 400_000 }];
  const options = { environment: { PART_SECONDS: '12' }, job: { ladder } };
  const { published } = await farm.check(clip, { size, frames: 300, showsPattern: false }, options);
  const [rendition] = published.film.renditions;
  // 400 kb/s are for 428x240; half a second of bits comes on top at a part's start.
  const cap = 400_000 * ((320 * 180) / ((240 * 240 * 16) / 9)) ** 0.75;
  expect(rendition?.averageBandwidth).toBeLessThan(cap * (1 + 0.5 / 12 + 0.03));
  expect(rendition?.averageBandwidth).toBeGreaterThan(cap * 0.8);
});
