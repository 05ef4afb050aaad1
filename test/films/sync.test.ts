import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg, ffprobe } from '../helpers/media/clips.ts';
import { readFilm } from '../helpers/media/read-film.ts';
import { flashesAndBeeps, measureSync } from '../helpers/media/sync.ts';
import { startTranscoding, type TranscodeOptions, type Transcoding } from '../helpers/media/transcoding.ts';

let farm: Transcoding;
beforeAll(async () => {
  farm = await startTranscoding();
});
afterAll(() => farm[Symbol.asyncDispose]());

async function syncOf(name: string, args: readonly string[], options?: TranscodeOptions) {
  const clip = join(farm.folder, name);
  await ffmpeg(...flashesAndBeeps(4), ...args, clip);
  if (args.includes(withBframes) || args.includes('-bf')) expect(await hasBframes(clip)).toBe(true);
  return measureSync(await readFilm(await farm.transcode(clip, options)));
}

/** Each second of the film flashes, and each flash beeps within half a frame. */
function expectInStep(flashes: Awaited<ReturnType<typeof syncOf>>, count: number) {
  expect(flashes).toHaveLength(count);
  for (const { seconds, beepAfterSeconds } of flashes)
    expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${seconds} s`).toBeLessThan(0.02);
}

/** x264 takes each frame of noise for a cut, and puts no B-frames between them by itself. */
const withBframes = 'bframes=3:b-adapt=0:scenecut=0';
const bframes = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'],
  ...['-x264-params', withBframes],
];
const aac = ['-c:a', 'aac', '-b:a', '96k'];
const mpeg2 = ['-c:v', 'mpeg2video', '-q:v', '3', '-bf', '2', '-sc_threshold', '1000000000'];
const hasBframes = async (clip: string) => {
  const { frames } = await ffprobe<{ frames: { pict_type: string }[] }>(
    ...['-select_streams', 'v', '-read_intervals', '%+1', '-show_entries', 'frame=pict_type', clip],
  );
  return frames.filter(({ pict_type }) => pict_type === 'B').length > frames.length / 3;
};
const theora = ['-c:v', 'libtheora', '-q:v', '6', '-c:a', 'libvorbis'];
const vp8 = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8'];

/** The video lacks its first frames, or the audio its first samples. */
const soundFirst = (seconds: number) => ['-vf', `select=gte(t\\,${seconds})`, '-fps_mode', 'passthrough'];
const pictureFirst = (seconds: number) => ['-af', `atrim=start=${seconds}`];

describe('video and audio are in step at the start, in the middle and at the end', () => {
  it.each<[what: string, name: string, args: string[], options?: TranscodeOptions]>([
    ['MP4', 'plain.mp4', [...x264, ...aac]],
    ['MP4 with B-frames', 'bframes.mp4', [...bframes, ...aac]],
    ['MP4, published as MPEG-TS', 'ts.mp4', [...x264, ...aac], { environment: { SEGMENT_FORMAT: 'mpegts' } }],
    ['fragmented MP4', 'fragmented.mp4', [...bframes, ...aac, '-movflags', '+frag_keyframe+empty_moov']],
    [
      'fragmented MP4 with negative composition offsets',
      'negative.mp4',
      [
        ...bframes,
        '-c:a',
        'flac',
        '-strict',
        '-2',
        '-movflags',
        '+frag_keyframe+empty_moov+default_base_moof+cmaf',
      ],
    ],
    ['QuickTime with PCM', 'film.mov', [...bframes, '-c:a', 'pcm_s16le']],
    ['Matroska', 'film.mkv', [...bframes, ...aac]],
    ['Matroska that starts at 10 s', 'ten.mkv', [...bframes, ...aac, '-output_ts_offset', '10']],
    ['WebM with Opus', 'opus.webm', [...vp8, '-c:a', 'libopus']],
    ['WebM with Vorbis', 'vorbis.webm', [...vp8, '-c:a', 'libvorbis']],
    ['MPEG-TS', 'plain.ts', [...bframes, ...aac]],
    ['MPEG-TS with AC-3', 'ac3.ts', [...bframes, '-c:a', 'ac3']],
    ['MPEG-TS that starts at 10 s', 'ten.ts', [...x264, ...aac, '-output_ts_offset', '10']],
    [
      'MPEG-TS whose clock of 33 bits starts again',
      'wrap.ts',
      [...x264, ...aac, '-output_ts_offset', '95440'],
    ],
    ['a programme stream', 'film.mpg', [...mpeg2, '-c:a', 'mp2', '-f', 'vob']],
    ['Ogg', 'film.ogv', theora],
    ['Flash with AAC', 'aac.flv', [...x264, ...aac]],
    ['Flash with MP3', 'mp3.flv', [...x264, '-c:a', 'libmp3lame', '-ar', '44100']],
    ['AVI with MP2', 'mp2.avi', [...x264, '-c:a', 'mp2']],
    ['AVI with PCM', 'pcm.avi', [...x264, '-c:a', 'pcm_s16le']],
    ['AVI with B-frames of H.264', 'bframes.avi', [...bframes, '-c:a', 'pcm_s16le']],
    ['MXF', 'film.mxf', [...mpeg2, '-c:a', 'pcm_s16le']],
  ])('in %s', async (_, name, args, options) => {
    expectInStep(await syncOf(name, args, options), 4);
  });

  it.each(['mp4', 'mov'])(
    'where a cut without encoding begins in the middle of a frame (%s)',
    async (format) => {
      const whole = join(farm.folder, `whole.${format}`);
      const clip = join(farm.folder, `cut.${format}`);
      await ffmpeg(...flashesAndBeeps(), ...bframes, '-g', '25', ...aac, whole);
      // The frame that is shown at 1.485 s is left out; the one behind it is shown at 1.52 s.
      await ffmpeg('-ss', '1.485', '-i', whole, '-c', 'copy', clip);
      const film = await readFilm(await farm.transcode(clip));
      expect(film.video[0]?.packets).toHaveLength(112);
      expectInStep(await measureSync(film), 4);
    },
  );

  it.each<[what: string, name: string, args: string[]]>([
    ['MPEG-TS by 0.4 s', '04.ts', [...soundFirst(0.4), ...bframes, ...aac, '-muxdelay', '0']],
    ['MPEG-TS by 0.8 s', '08.ts', [...soundFirst(0.8), ...bframes, ...aac, '-muxdelay', '0']],
    ['a programme stream', '08.mpg', [...soundFirst(0.8), ...mpeg2, '-c:a', 'ac3', '-f', 'vob']],
    ['Ogg', '07.ogv', [...soundFirst(0.7), ...theora]],
    ['MP4', '08.mp4', [...soundFirst(0.8), ...bframes, ...aac]],
    ['Matroska', '08.mkv', [...soundFirst(0.8), ...bframes, ...aac]],
    ['Flash', '08.flv', [...soundFirst(0.8), ...x264, ...aac]],
  ])('where the audio starts before the video in %s', async (_, name, args) => {
    const [first, ...rest] = await syncOf(name, args);
    expect(first?.seconds).toBeGreaterThan(0.1);
    expectInStep(first ? [first, ...rest] : rest, 3);
  });

  it.each<[what: string, name: string, args: string[]]>([
    ['MPEG-TS', 'p08.ts', [...pictureFirst(0.8), ...bframes, ...aac, '-muxdelay', '0']],
    ['a programme stream', 'p08.mpg', [...pictureFirst(0.8), ...mpeg2, '-c:a', 'mp2', '-f', 'vob']],
    ['Ogg', 'p07.ogv', [...pictureFirst(0.7), ...theora]],
    // The encoder swallows the first beep.
    ['Windows Media', 'film.wmv', ['-c:v', 'wmv2', '-q:v', '3', '-c:a', 'wmav2']],
    ['MP4', 'p08.mp4', [...pictureFirst(0.8), ...bframes, ...aac]],
    ['Matroska', 'p08.mkv', [...pictureFirst(0.8), ...bframes, ...aac]],
    ['Flash', 'p08.flv', [...pictureFirst(0.8), ...x264, ...aac]],
  ])('where the video starts before the audio in %s', async (_, name, args) => {
    const [first, ...rest] = await syncOf(name, args);
    expect(first).toMatchObject({ beepAfterSeconds: undefined });
    expectInStep(rest, 3);
  });
});
