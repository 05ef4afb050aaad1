import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { tone, useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { pattern } from '../helpers/media/pattern.ts';

const farm = useFarm();
const size: [number, number] = [320, 180];
const plain = () => [...pattern(), ...tone(6)];
const aac = ['-c:a', 'aac', '-b:a', '96k'];
const whole = { size, frames: 150, audioSeconds: [6] };

describe('films of every container and codec come out whole', () => {
  it.each([
    ['QuickTime with ProRes and PCM', 'film.mov', ['-c:v', 'prores', '-profile:v', '0', '-c:a', 'pcm_s16le']],
    [
      'WebM with VP9 and Opus',
      'film.webm',
      ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libopus'],
    ],
    [
      'MP4 with HEVC',
      'hevc.mp4',
      [
        '-c:v',
        'libx265',
        '-preset',
        'ultrafast',
        '-x265-params',
        'log-level=none',
        '-pix_fmt',
        'yuv420p',
        ...aac,
      ],
    ],
    ['MPEG-TS', 'film.ts', [...x264, ...aac]],
    [
      'MPEG-TS with B-frames, so that the audio starts first',
      'bframes.ts',
      ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', ...aac],
    ],
    ['MPEG-TS with MPEG-2 and MP2', 'mpeg2.ts', ['-c:v', 'mpeg2video', '-q:v', '3', '-c:a', 'mp2']],
    ['a programme stream', 'film.mpg', ['-c:v', 'mpeg2video', '-q:v', '3', '-c:a', 'mp2']],
    ['Flash', 'film.flv', [...x264, ...aac]],
    [
      'AVI with B-frames, as DivX and Xvid make it',
      'divx.avi',
      ['-c:v', 'mpeg4', '-bf', '1', '-q:v', '3', '-c:a', 'pcm_s16le'],
    ],
  ])('%s', async (_, name, codecs) => {
    const clip = await farm.make(name, ...plain(), ...codecs);
    await farm.check(clip, whole);
  });

  it.each([
    ['AVI with MPEG-4 and MP3', 'film.avi', ['-c:v', 'mpeg4', '-q:v', '3', '-c:a', 'libmp3lame']],
    ['fragmented MP4', 'fragmented.mp4', [...x264, ...aac, '-movflags', '+frag_keyframe+empty_moov']],
  ])('%s, whose first frame is shown for longer', async (_, name, codecs) => {
    const clip = await farm.make(name, ...plain(), ...codecs);
    await farm.check(clip, { ...whole, frames: 151, numberOf: (n) => Math.max(0, n - 1) });
  });

  it.each([
    ['open GOPs, so that parts begin inside them', 'keyint=60:bframes=3:open-gop=1:b-pyramid=normal'],
    ['keyframes far apart', 'keyint=500:bframes=2:scenecut=0'],
  ])('%s', async (_, parameters) => {
    const codec = [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-pix_fmt',
      'yuv420p',
      '-x264-params',
      parameters,
    ];
    const clip = await farm.make(`${parameters.replace(/\W/g, '')}.mp4`, ...plain(), ...codec, ...aac);
    const { published } = await farm.check(clip, { ...whole, segments: 3 });
    expect(published.files.filter((file) => file.includes('/parts/'))).toHaveLength(4);
  });
});

describe('times of the container', () => {
  it.each([
    ['Matroska from 10 s on', 'ten.mkv', ['-output_ts_offset', '10']],
    ['MP4 from 10 s on', 'ten.mp4', ['-output_ts_offset', '10']],
    ['MPEG-TS from 10 s on', 'ten.ts', ['-output_ts_offset', '10']],
  ])('are taken off: %s', async (_, name, options) => {
    const clip = await farm.make(name, ...plain(), ...x264, ...aac, ...options);
    await farm.check(clip, whole);
  });

  it('are those of the edit list, which hides the first frames', async () => {
    const source = await farm.make('unedited.mp4', ...plain(), ...x264, ...aac);
    const clip = await farm.make('edited.mp4', '-ss', '0.8', '-i', source, '-c', 'copy');
    await farm.check(clip, { size, frames: 130, numberOf: (n) => n + 20, audioSeconds: [5.2] });
  });

  it('are filled up where the picture starts long after the sound', async () => {
    const clip = await farm.make(
      'late-picture.mkv',
      ...['-itsoffset', '1', ...pattern({ seconds: 5 }), ...tone(6), ...x264, ...aac],
    );
    // Matroska reports the encoder's delay of 21 ms before the sound, and the picture comes later by it.
    await farm.check(clip, { size, frames: 151, numberOf: (n) => Math.max(0, n - 26), audioSeconds: [6] });
  });
});

describe('streams that are neither picture nor sound', () => {
  it('leave a time code out', async () => {
    const clip = await farm.make('timecode.mov', ...plain(), ...x264, ...aac, '-timecode', '01:00:00:00');
    await farm.check(clip, whole);
  });

  it('leave chapters out, and publish subtitles as a rendition', async () => {
    const text = await farm.make('seed.mp4', ...pattern({ seconds: 0.2 }), ...x264);
    await writeFile(`${text}.srt`, '1\n00:00:00,500 --> 00:00:02,000\nA line\n');
    const chapters = ';FFMETADATA1\ntitle=x\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=3\ntitle=One\n';
    await writeFile(`${text}.txt`, chapters);
    const clip = await farm.make(
      'subtitles.mp4',
      ...[...plain(), '-i', `${text}.srt`, '-i', `${text}.txt`, '-map', '0', '-map', '1', '-map', '2'],
      ...['-map_metadata', '3', ...x264, ...aac, '-c:s', 'mov_text'],
    );
    const { published } = await farm.check(clip, whole);
    expect(published.warnings).toEqual(['1 chapter mark was left out: chapters are not published']);
    expect(published.film.subtitles).toMatchObject([{ name: 'text-0', label: 'Subtitles', cues: 1 }]);
  });
});
