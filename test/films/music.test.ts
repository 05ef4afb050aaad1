import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tone, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { pattern } from '../helpers/media/pattern.ts';
import { type ReadRendition, readFilm } from '../helpers/media/read-film.ts';
import { listen, type Sound } from '../helpers/media/sound.ts';
import { flashesAndBeeps, measureSync } from '../helpers/media/sync.ts';
import { startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';

let farm: Transcoding;
/** 440 Hz at half of full scale, and a whole number of waves: it goes on without a jump when it begins again. */
const music = { source: 'music/hum.flac' };
beforeAll(async () => {
  farm = await startTranscoding();
  await putMusic(music.source, ...sine(440, 0.5, 1.75), '-c:a', 'flac');
});
afterAll(() => farm[Symbol.asyncDispose]());

const aac = ['-c:a', 'aac', '-b:a', '128k'];
const small = { width: 64, height: 36 };

/** @param when an expression of `t` that is 1 where the tone is heard */
function sine(hertz: number, amplitude: number, seconds: number, when = '1'): string[] {
  const wave = `aevalsrc='${amplitude}*sin(2*PI*${hertz}*t)*(${when})':s=48000:d=${seconds}`;
  return ['-f', 'lavfi', '-i', wave];
}

async function make(name: string, ...args: string[]): Promise<string> {
  const path = join(farm.folder, name);
  await ffmpeg(...args, path);
  return path;
}

async function putMusic(key: string, ...args: string[]): Promise<void> {
  await put(key, await readFile(await make(key.replaceAll('/', '-'), ...args)));
}

async function put(key: string, body: string | Buffer): Promise<void> {
  await farm.stores.source.put(key, body, { contentType: 'audio/mpeg', cacheControl: 'no-cache' });
}

const first = <T>([found]: readonly T[]): T => {
  if (found === undefined) throw new Error('The film has none.');
  return found;
};
/** The left side. */
const hear = (film: { audio: readonly ReadRendition[] }): Promise<Sound> => listen(first(film.audio), 'c0');

describe('music under a film', () => {
  it('is heard at its volume, lower while the film is heard, and fades out at the end', async () => {
    const path = await make(
      'speaks.mp4',
      ...pattern({ ...small, seconds: 12 }),
      ...sine(1000, 0.25, 12, 'between(t,3,5)'),
      ...[...x264, ...aac, '-ac', '1'],
    );
    const published = await farm.transcode(path, { job: { music: { ...music, volume: 0.5, duck: 0.1 } } });
    const film = await readFilm(published);
    const sound = await hear(film);
    expect(Math.abs(sound.seconds - 12)).toBeLessThan(2 * 0.0214);
    expect(first(film.audio).stream).toMatchObject({ channels: 2 });
    const amplitudes = {
      before: sound.amplitude(440, 0.2, 2.7),
      ducked: sound.amplitude(440, 3.1, 4.9),
      speech: sound.amplitude(1000, 3.1, 4.9),
      held: sound.amplitude(440, 5.05, 5.4),
      back: sound.amplitude(440, 6.7, 9.9),
      fading: sound.amplitude(440, 10.9, 11.1),
      over: sound.amplitude(440, 11.95, 12),
    };
    const expected = {
      before: 0.25,
      ducked: 0.05,
      speech: 0.25,
      held: 0.05,
      back: 0.25,
      fading: 0.125,
      over: 0.006,
    };
    for (const [name, amplitude] of Object.entries(expected))
      expect(Math.abs(amplitudes[name as keyof typeof expected] - amplitude), name).toBeLessThan(0.01);
    // Segments meet at every two seconds, and the music begins again at every 1.75 s.
    for (let at = 0.2; at < 2.6; at += 0.05) expect(sound.residue(440, at, at + 0.05)).toBeLessThan(0.01);
    for (let at = 6.7; at < 9.9; at += 0.05) expect(sound.residue(440, at, at + 0.05)).toBeLessThan(0.01);
  });

  it('is under every audio track of joined clips, and leaves their sound in step with the picture', async () => {
    const beeps = await make('beeps.mp4', ...flashesAndBeeps(3), ...x264, ...aac);
    const silent = await make('still.mp4', ...pattern({ ...small, seconds: 2 }), ...x264);
    const job = { music: { ...music, volume: 0.1 }, crossfade: 0.52 };
    const film = await readFilm(
      await farm.transcode([{ path: beeps }, { path: beeps }, { path: silent }], { job }),
    );
    const seen = (await measureSync(film)).filter(({ seconds }) => seconds > 0.5 && seconds < 4.9);
    expect(seen.map(({ seconds }) => Number(seconds.toFixed(1)))).toEqual([1, 2, 3.5, 4.5]);
    for (const { seconds, beepAfterSeconds } of seen)
      expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${seconds} s`).toBeLessThan(0.01);
    expect((await hear(film)).amplitude(440, 0.1, 0.9)).toBeCloseTo(0.05, 2);
  });

  it('is all the sound of a film without any, in a stretch of one too', async () => {
    const path = await make('silent.mp4', ...pattern({ ...small, seconds: 5 }), ...x264);
    for (const clip of [path, [{ path, from: 1 }]]) {
      const published = await farm.transcode(clip, { job: { music, outputs: ['hls', 'mp4'] } });
      const film = await readFilm(published);
      const sound = await hear(film);
      const { durationSeconds } = published.film;
      expect(Math.abs(sound.seconds - durationSeconds)).toBeLessThan(2 * 0.0214);
      expect(sound.amplitude(440, 0.1, durationSeconds - 1.5)).toBeCloseTo(0.5, 2);
      expect(published.film.files).toMatchObject([{ name: expect.stringMatching(/\.mp4$/) }]);
    }
  });

  it('is part of what is brought to a loudness', async () => {
    const path = await make(
      'loud.mp4',
      ...pattern({ ...small, seconds: 6 }),
      ...tone(6, 1000),
      ...x264,
      ...aac,
    );
    const published = await farm.transcode(path, {
      job: { music: { ...music, volume: 0.3 }, loudness: -20 },
    });
    const [{ loudness } = { loudness: undefined }] = published.film.renditions.filter(
      ({ kind }) => kind === 'audio',
    );
    expect(Math.abs((loudness?.integratedLufs ?? 0) + 20)).toBeLessThan(0.5);
    const sound = await hear(await readFilm(published));
    // The tone of ffmpeg has an amplitude of 1/8.
    const ratio = sound.amplitude(440, 0.5, 3.5) / sound.amplitude(1000, 0.5, 3.5);
    expect(ratio).toBeCloseTo(0.15 / 0.125, 1);
  });

  it('is limited with the film where both are over full scale', async () => {
    const path = await make(
      'full.mp4',
      ...pattern({ ...small, seconds: 3 }),
      ...sine(1000, 0.9, 3),
      ...x264,
      ...aac,
    );
    const sound = await hear(await readFilm(await farm.transcode(path, { job: { music } })));
    expect(sound.peak(0, 3)).toBeLessThan(1);
    expect(sound.amplitude(1000, 0.2, 0.8) / sound.amplitude(440, 0.2, 0.8)).toBeCloseTo(0.9 / 0.5, 1);
  });

  it('of another version makes another film, and music that is gone is refused by name', async () => {
    const path = await make('again.mp4', ...pattern({ ...small, seconds: 1 }), ...x264);
    const job = { music: { source: 'music/changes.flac' } };
    const plans = [];
    for (const hertz of [440, 880, 880]) {
      await putMusic(job.music.source, ...sine(hertz, 0.5, 1), '-c:a', 'flac');
      plans.push((await farm.transcode(path, { id: 'again', job })).film.plan);
    }
    expect(plans[1]).not.toBe(plans[0]);
    expect(plans[2]).toBe(plans[1]);
  });
});

describe('what is not music', () => {
  it('is refused by its name before anything is encoded', async () => {
    const path = await make('plain.mp4', ...pattern({ ...small, seconds: 1 }), ...x264);
    await put('bad/text.mp3', 'A text, and no music.\n'.repeat(100));
    await put('bad/empty.mp3', '');
    await put('bad/list.mp3', "ffconcat version 1.0\nfile '/etc/passwd'\n");
    await put('bad/film.mp3', await readFile(path));
    await putMusic('bad/blip.wav', ...sine(440, 0.5, 0.2));
    await putMusic('bad/long.flac', '-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono:d=100', '-c:a', 'flac');
    const whole = await readFile(await make('whole.flac', ...sine(440, 0.5, 3), '-c:a', 'flac'));
    await put('bad/noise.flac', Buffer.concat([whole.subarray(0, 8300), Buffer.alloc(60_000, 0xa5)]));
    const cases = {
      'bad/none.mp3': 'source-missing',
      'bad/text.mp3': 'not-media',
      'bad/empty.mp3': 'source-empty',
      'bad/list.mp3': 'not-media',
      'bad/film.mp3': 'bad-music',
      'bad/blip.wav': 'bad-music',
      'bad/long.flac': 'too-long',
      'bad/noise.flac': 'bad-music',
      'http://127.0.0.1:9/music.mp3': 'source-address',
    };
    for (const [source, code] of Object.entries(cases)) {
      const refused = farm.transcode(path, {
        id: 'not-music',
        environment: { MAX_DURATION_SECONDS: '90' },
        job: { music: { source } },
      });
      await expect(refused, source).rejects.toMatchObject({
        code,
        message: expect.stringContaining(`The music ("${source}"): `),
      });
    }
    const { objects } = await farm.stores.output.listAll('not-music/', new AbortController().signal);
    expect(objects).toEqual([]);
  });
});
