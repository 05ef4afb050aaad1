import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxClips } from '../../worker/src/protocol/clips.ts';
import { tone, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { type Look, pattern, patternCorners, readLook } from '../helpers/media/pattern.ts';
import { type ReadFilm, readFilm } from '../helpers/media/read-film.ts';
import { listen } from '../helpers/media/sound.ts';
import { flashesAndBeeps, measureSync } from '../helpers/media/sync.ts';
import { startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';

let farm: Transcoding;
beforeAll(async () => {
  farm = await startTranscoding();
});
afterAll(() => farm[Symbol.asyncDispose]());

const aac = ['-c:a', 'aac', '-b:a', '96k'];
const bframes = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '60'];

async function make(name: string, ...args: string[]): Promise<string> {
  const path = join(farm.folder, name);
  await ffmpeg(...args, path);
  return path;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What a box of every frame of the largest rendition shows. */
async function looksIn({ video }: ReadFilm, { x, y, width, height }: Box): Promise<Look[]> {
  const [largest] = video;
  if (!largest) throw new Error('The film has no picture.');
  const side = 96;
  const filter = `crop=${width}:${height}:${x}:${y},scale=${side}:${side}:flags=area`;
  const raw = ['-fps_mode', 'passthrough', '-vf', filter, '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const pixels = await ffmpeg('-copyts', '-i', largest.joinedPath, ...raw);
  const frameBytes = side * side * 3;
  return Array.from({ length: pixels.length / frameBytes }, (_, n) =>
    readLook({
      pixels: pixels.subarray(n * frameBytes, (n + 1) * frameBytes),
      stride: side,
      x: 0,
      y: 0,
      width: side,
      height: side,
    }),
  );
}

const numbers = (looks: readonly Look[]) => looks.map(({ number }) => number);
const numbersOf = ({ video }: ReadFilm) => numbers(video[0]?.looks ?? []);
const count = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

/** Which frame of a clip is seen at each frame of the film: the last whose time is not after it, to the nearest frame. */
function shown(
  frames: number,
  { rate, filmRate, from = 0 }: { rate: number; filmRate: number; from?: number },
) {
  return count(0, frames).map((n) => {
    let frame = Math.max(0, Math.floor((n / filmRate + from) * rate) - 1);
    while (Math.round(((frame + 1) / rate - from) * filmRate + 1e-9) <= n) frame += 1;
    return frame;
  });
}

describe('the picture of joined clips', () => {
  it('has every frame of each clip from its start to its end, and no other', async () => {
    const a = await make('a.mp4', ...pattern({ width: 320, height: 180, seconds: 6 }), ...bframes);
    const b = await make('b.mkv', ...pattern({ width: 320, height: 180, seconds: 3 }), ...bframes);
    const published = await farm.transcode([
      { path: a, from: 1, to: 5.2 },
      { path: b },
      { path: a, from: 0.4, to: 1 },
    ]);
    const film = await readFilm(published);
    expect(numbersOf(film)).toEqual([...count(25, 130), ...count(0, 75), ...count(10, 25)]);
    for (const [n, { seconds }] of film.video.flatMap(({ packets }) => [...packets.entries()]))
      expect(Math.abs(seconds - n / 25)).toBeLessThan(0.001);
    const lengths = film.video[0]?.playlist.segments.map(({ duration }) => Number(duration.toFixed(2)));
    // A clip's end ends a segment, and a rest of 0.4 s or less stays with the segment before it.
    expect(lengths).toEqual([2, 2.2, 2, 1, 0.6]);
    expect(published.film.durationSeconds).toBeCloseTo(7.8, 2);
  });

  it('is a stretch of one film, with all its audio tracks', async () => {
    const path = await make(
      'two-tracks.mp4',
      ...pattern({ width: 320, height: 180, seconds: 5 }),
      ...[...tone(5, 440), ...tone(5, 880), '-map', '0', '-map', '1', '-map', '2', ...bframes, ...aac],
      ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
    );
    const film = await readFilm(await farm.transcode([{ path, from: 1.48, to: 3 }]));
    expect(numbersOf(film)).toEqual(count(37, 75));
    expect(film.audio.map(({ name }) => name)).toEqual(['audio-0-en', 'audio-1-de']);
    for (const [track, hertz] of [440, 880].entries()) {
      const sound = await listen(film.audio[track] as (typeof film.audio)[number]);
      expect(sound.hertz(0.2, 1.4)).toBeCloseTo(hertz, -1);
      expect(sound.seconds).toBeGreaterThan(1.52);
      expect(sound.seconds).toBeLessThan(1.52 + 2 * 0.0214);
    }
  });

  it('has one size, rate and colour, whatever the clips have', async () => {
    const small = { width: 160, height: 90, seconds: 1 };
    const bt2020 = 'colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc';
    const paths = [
      await make('first.mp4', ...pattern({ width: 320, height: 180, seconds: 1, rate: '24' }), ...x264),
      await make('portrait.mov', ...pattern({ width: 90, height: 160, seconds: 1, rate: '30' }), ...bframes),
      await make('ntsc.mkv', ...pattern({ ...small, rate: '30000/1001' }), ...bframes),
      await make('slow.webm', ...pattern({ ...small, rate: '12' }), '-c:v', 'libvpx'),
      await make('rgb.mov', ...pattern({ ...small, rate: '25' }), '-c:v', 'png'),
      await make('wide.ts', ...pattern({ width: 320, height: 120, seconds: 1, rate: '50' }), ...bframes),
      await make(
        'hdr.mp4',
        ...pattern({ ...small, rate: '25', filter: 'format=yuv420p10le' }),
        ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'],
        ...['-x265-params', `log-level=none:${bt2020}`],
        ...['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
      ),
      await make('bt601.mp4', ...pattern({ ...small, rate: '25' }), ...x264, '-colorspace', 'smpte170m'),
    ];
    const published = await farm.transcode(paths.map((path) => ({ path })));
    const film = await readFilm(published);
    const [largest] = film.video;
    expect(largest?.stream).toMatchObject({ width: 320, height: 180, sample_aspect_ratio: '1:1' });
    expect(largest?.packets.length).toBe(8 * 50);
    for (const [n, { seconds }] of largest?.packets.entries() ?? [])
      expect(Math.abs(seconds - n / 50)).toBeLessThan(0.001);

    const whole = await looksIn(film, { x: 0, y: 0, width: 320, height: 180 });
    const portrait = await looksIn(film, { x: 110, y: 0, width: 100, height: 180 });
    const wide = await looksIn(film, { x: 0, y: 30, width: 320, height: 120 });
    const clips = [
      { looks: whole, rate: 24 },
      { looks: portrait, rate: 30 },
      { looks: whole, rate: 30000 / 1001 },
      { looks: whole, rate: 12 },
      { looks: whole, rate: 25 },
      { looks: wide, rate: 50 },
      { looks: whole, rate: 25 },
      { looks: whole, rate: 25 },
    ];
    for (const [n, { looks, rate }] of clips.entries()) {
      const own = looks.slice(n * 50, (n + 1) * 50);
      const name = paths[n]?.split('/').at(-1);
      expect(numbers(own), name).toEqual(shown(50, { rate, filmRate: 50 }));
      if (name !== 'hdr.mp4') expect(own[20]?.corners, name).toEqual(patternCorners);
    }
    const bars = await looksIn(film, { x: 0, y: 0, width: 100, height: 180 });
    expect(bars[75]?.corners).toMatchObject({ topLeft: 'black', bottomRight: 'black' });
  });

  it('is filled where clips are to be cropped, in the size that was asked for', async () => {
    const a = await make('crop-a.mp4', ...pattern({ width: 320, height: 180, seconds: 1 }), ...x264);
    const b = await make('crop-b.mp4', ...pattern({ width: 180, height: 180, seconds: 1 }), ...x264);
    const published = await farm.transcode([{ path: a }, { path: b }], {
      job: { fit: 'crop', size: '180x320' },
    });
    const film = await readFilm(published);
    expect(film.video[0]?.stream).toMatchObject({ width: 180, height: 320 });
    const corners = film.video[0]?.looks.map((look) => look.corners);
    expect([corners?.[5], corners?.[30]]).toEqual([patternCorners, patternCorners]);
  });
});

describe('a crossfade between clips', () => {
  it('has every frame of both, the clips as they are before and after it, and one init segment', async () => {
    const a = await make('fade-a.mp4', ...pattern({ width: 320, height: 180, seconds: 4 }), ...bframes);
    const b = await make('fade-b.mkv', ...pattern({ width: 320, height: 180, seconds: 3 }), ...bframes);
    const published = await farm.transcode([{ path: a, from: 1 }, { path: b }, { path: a, to: 2.6 }], {
      job: { crossfade: 1 },
    });
    const film = await readFilm(published);
    const found = numbersOf(film);
    expect(found).toHaveLength(75 + 75 + 65 - 2 * 25);
    expect(found.slice(0, 50)).toEqual(count(25, 75));
    expect(found.slice(75, 100)).toEqual(count(25, 50));
    expect(found.slice(125)).toEqual(count(25, 65));
    for (const [n, { seconds }] of film.video.flatMap(({ packets }) => [...packets.entries()]))
      expect(Math.abs(seconds - n / 25)).toBeLessThan(0.001);
    const lengths = film.video[0]?.playlist.segments.map(({ duration }) => Number(duration.toFixed(2)));
    expect(lengths).toEqual([2, 1, 1, 1, 1.6]);
    // Parts whose init segments differ are never joined: `joinRendition`.
    expect(published.warnings).toEqual([]);
  });

  it('goes evenly from one picture to the other, and keeps its sound as loud, in step on both sides', async () => {
    const still = (colour: string) => ['-f', 'lavfi', '-i', `color=${colour}:s=160x90:r=25:d=3`];
    const dark = await make('dark.mp4', ...still('black'), ...tone(3, 440), ...x264, ...aac);
    const bright = await make('bright.mp4', ...still('white'), ...tone(3, 880), ...x264, ...aac);
    const film = await readFilm(
      await farm.transcode([{ path: dark }, { path: bright }], { job: { crossfade: 1 } }),
    );
    const path = film.video[0]?.joinedPath ?? '';
    const gray = ['-vf', 'scale=1:1:flags=area,format=gray', '-f', 'rawvideo', '-'];
    const levels = [...(await ffmpeg('-i', path, '-fps_mode', 'passthrough', ...gray))];
    expect(levels).toHaveLength(125);
    for (const [n, level] of levels.entries()) {
      const share = Math.min(1, Math.max(0, (n - 50) / 25));
      expect(Math.abs(level - share * 255), `frame ${n}`).toBeLessThan(8);
    }
    const sound = await listen(film.audio[0] as (typeof film.audio)[number]);
    expect(sound.hertz(0.5, 1.9)).toBeCloseTo(440, -1);
    expect(sound.hertz(3.1, 4.5)).toBeCloseTo(880, -1);
    expect(Math.abs(sound.seconds - 5)).toBeLessThan(2 * 0.0214);

    const beeps = await make('fade-beeps.mp4', ...flashesAndBeeps(3), ...bframes, ...aac);
    const joined = await farm.transcode([{ path: beeps }, { path: beeps }], { job: { crossfade: 0.52 } });
    const flashes = await measureSync(await readFilm(joined));
    // The second clip begins at 2.48 s; its flash at 0 s is black.
    const seen = flashes.filter(({ seconds }) => seconds > 0.5 && (seconds < 2.4 || seconds > 3.1));
    expect(seen.map(({ seconds }) => Number(seconds.toFixed(1)))).toEqual([1, 2, 3.5, 4.5]);
    for (const { seconds, beepAfterSeconds } of seen)
      expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${seconds} s`).toBeLessThan(0.01);
  });
});

describe('as many clips as a film may have', () => {
  it('are one film, with every frame and every beep', async () => {
    const path = await make('short.mp4', ...flashesAndBeeps(2), ...bframes, ...aac);
    // Every second clip begins with the flash at 1 s.
    const clips = count(0, maxClips).map((n) => ({ path, from: n % 2 ? 1 : 0.4, to: n % 2 ? 1.32 : 0.72 }));
    const film = await readFilm(await farm.transcode(clips));
    expect(film.video[0]?.packets.length).toBe(maxClips * 8);
    const flashes = await measureSync(film);
    expect(flashes.map(({ seconds }) => Math.round(seconds * 25))).toEqual(
      count(0, maxClips / 2).map((n) => n * 16 + 8),
    );
    for (const { seconds, beepAfterSeconds } of flashes)
      expect(Math.abs(beepAfterSeconds ?? 9), `at ${seconds} s`).toBeLessThan(0.01);
  }, 180_000);
});

describe('a clip from late in a film', () => {
  it.each<[container: string, name: string, args: string[]]>([
    ['MP4', 'late.mp4', [...bframes, ...aac]],
    ['MPEG-TS', 'late.ts', [...bframes, ...aac]],
    ['a programme stream', 'late.mpg', ['-c:v', 'mpeg2video', '-q:v', '3', '-c:a', 'mp2', '-f', 'vob']],
  ])('begins and ends at its frames, in step with its sound, in %s', async (_, name, args) => {
    const path = await make(name, ...flashesAndBeeps(40), ...args);
    const farmOptions = { environment: { SEGMENT_FORMAT: 'mpegts' as const } };
    const clips = [
      { path, from: 33.4, to: 35.6 },
      { path, from: 30, to: 31.2 },
    ];
    const film = await readFilm(await farm.transcode(clips, farmOptions));
    expect(film.video[0]?.packets.length).toBe(85);
    const flashes = await measureSync(film);
    expect(flashes.map(({ seconds }) => Number(seconds.toFixed(2)))).toEqual([0.6, 1.6, 2.2, 3.2]);
    for (const { seconds, beepAfterSeconds } of flashes)
      expect(Math.abs(beepAfterSeconds ?? 9), `at ${seconds} s`).toBeLessThan(0.01);
  });
});

describe('picture and sound of joined clips', () => {
  it('are in step at the start, in the middle and at the end of every clip, whatever the clips are', async () => {
    const picture = flashesAndBeeps().slice(0, 4);
    const paths = [
      await make('a-sync.mp4', ...flashesAndBeeps(), ...bframes, ...aac),
      await make('silent.mp4', ...picture, ...bframes),
      await make(
        'mono.mov',
        ...flashesAndBeeps(),
        ...bframes,
        '-c:a',
        'pcm_s16le',
        '-ac',
        '1',
        '-ar',
        '32000',
      ),
      await make(
        'late.mkv',
        ...flashesAndBeeps(),
        ...bframes,
        ...aac,
        '-ar',
        '44100',
        '-output_ts_offset',
        '7',
      ),
      await make(
        'opus.webm',
        ...flashesAndBeeps(),
        '-c:v',
        'libvpx',
        '-deadline',
        'realtime',
        '-c:a',
        'libopus',
      ),
      await make('surround.ts', ...flashesAndBeeps(), ...bframes, '-c:a', 'ac3', '-ac', '6'),
      await make('mp2.avi', ...flashesAndBeeps(), ...x264, '-c:a', 'mp2'),
      await make('bframes.avi', ...flashesAndBeeps(), ...bframes, '-c:a', 'pcm_s16le'),
    ];
    const frames = 76;
    const film = await readFilm(await farm.transcode(paths.map((path) => ({ path, from: 1, to: 4.04 }))));
    expect(film.video[0]?.packets.length).toBe(paths.length * frames);

    // Each clip begins and ends with a flash: at a joint two are one.
    const start = (n: number) => (n * frames) / 25;
    const beeps = paths.flatMap((_, n) => (n === 1 ? [] : [0, 1, 2, 3].map((seconds) => start(n) + seconds)));
    const flashes = paths.flatMap((_, n) => (n === 0 ? [0, 1, 2, 3] : [1, 2, 3].map((s) => start(n) + s)));
    const measured = await measureSync(film);
    expect(measured.map(({ seconds }) => Number(seconds.toFixed(2)))).toEqual(
      flashes.map((seconds) => Number(seconds.toFixed(2))),
    );
    for (const { seconds, beepAfterSeconds } of measured) {
      const expected = beeps.find((beep) => beep > seconds - 0.02);
      const isSilent = expected === undefined || expected - seconds > 0.4;
      if (isSilent) expect(beepAfterSeconds, `at ${seconds} s`).toBeUndefined();
      else
        expect(Math.abs(seconds + (beepAfterSeconds ?? 9) - expected), `at ${seconds} s`).toBeLessThan(0.01);
    }
  });

  it('stay in step over many joints that fall between frames', async () => {
    const path = await make('many.mp4', ...flashesAndBeeps(), ...bframes, ...aac);
    // Each clip is 1.017 s long, which is 25 frames and a half: none may move the ones behind it.
    const clips = count(0, 12).map((n) => ({ path, from: 0.5 + (n % 4) + 0.003, to: 1.52 + (n % 4) }));
    const film = await readFilm(await farm.transcode(clips));
    const measured = await measureSync(film);
    expect(measured).toHaveLength(12);
    // The flash is drawn on the nearest frame.
    for (const { seconds, beepAfterSeconds } of measured)
      expect(Math.abs(beepAfterSeconds ?? 9), `at ${seconds} s`).toBeLessThan(0.02 + 0.001);
  });

  it('are as loud as the clips, in mono and in stereo', async () => {
    const loud = (name: string, ...filter: string[]) =>
      make(name, ...pattern({ width: 160, height: 90, seconds: 2 }), ...tone(2), ...x264, ...aac, ...filter);
    const mono = await loud('mono.mp4');
    const stereo = await loud('stereo.mp4', '-af', 'pan=stereo|c0=c0|c1=c0');
    const film = await readFilm(await farm.transcode([{ path: mono }, { path: stereo }]));
    const sound = await listen(film.audio[0] as (typeof film.audio)[number], 'FL');
    expect(sound.peak(2.5, 3.5)).toBeCloseTo(sound.peak(0.5, 1.5), 2);
  });
});
