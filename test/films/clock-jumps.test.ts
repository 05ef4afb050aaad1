import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { readFilm } from '../helpers/media/read-film.ts';
import { listen } from '../helpers/media/sound.ts';
import { flashesAndBeeps, measureSync } from '../helpers/media/sync.ts';
import { startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';

let farm: Transcoding;
beforeAll(async () => {
  farm = await startTranscoding();
});
afterAll(() => farm[Symbol.asyncDispose]());

const bframes = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
const aac = ['-c:a', 'aac', '-b:a', '96k'];
const mpeg2 = ['-c:v', 'mpeg2video', '-q:v', '3', '-c:a', 'mp2', '-f', 'vob'];

interface Recording {
  name: string;
  /** Where the clock stands at the start of each of the stretches of 4 s. */
  clocks: readonly number[];
  codecs?: readonly string[];
}

/** Recordings joined byte by byte, as they come from a receiver. */
async function join4({ name, clocks, codecs = [...bframes, ...aac] }: Recording): Promise<string> {
  const stretches: Buffer[] = [];
  for (const [n, clock] of clocks.entries()) {
    const stretch = join(farm.folder, `${n}-${name}`);
    await ffmpeg(...flashesAndBeeps(4), ...codecs, '-output_ts_offset', String(clock), stretch);
    stretches.push(await readFile(stretch));
  }
  const clip = join(farm.folder, name);
  await writeFile(clip, Buffer.concat(stretches));
  return clip;
}

async function publish(recording: Recording) {
  const published = await farm.transcode(await join4(recording));
  const film = await readFilm(published);
  const flashes = await measureSync(film);
  for (const { seconds, beepAfterSeconds } of flashes)
    expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${seconds} s`).toBeLessThan(0.02);
  return { flashes, warnings: published.warnings, seconds: published.film.durationSeconds };
}

const jumps = (direction: 'back' | 'forward', at = '4.0') =>
  `the recording's clock jumps ${direction} at ${at} s, as where two recordings are joined: the film goes on without a gap`;

describe('a recording whose clock jumps', () => {
  it.each<[what: string, recording: Recording, warnings: string[]]>([
    ['back', { name: 'back.ts', clocks: [100, 50] }, [jumps('back')]],
    ['back into its first stretch', { name: 'into.ts', clocks: [100, 101.5] }, [jumps('back')]],
    ['back below its start', { name: 'below.ts', clocks: [100, 5] }, [jumps('forward')]],
    ['forward by an hour', { name: 'hour.ts', clocks: [100, 3700] }, [jumps('forward')]],
    [
      'several times',
      { name: 'thrice.ts', clocks: [100, 5000, 102] },
      [jumps('forward'), jumps('back', '8.0')],
    ],
    ['back in a programme stream', { name: 'back.mpg', clocks: [100, 50], codecs: mpeg2 }, [jumps('back')]],
  ])('%s goes on without a gap, in step before and after it', async (_, recording, warnings) => {
    const { flashes, ...film } = await publish(recording);
    const seconds = 4 * recording.clocks.length;
    expect(flashes).toHaveLength(seconds);
    expect(film.warnings).toEqual(warnings);
    expect(Math.abs(film.seconds - seconds)).toBeLessThan(0.15);
  });

  it('forward by 20 s keeps the gap, with a still picture and silence, and says so', async () => {
    const { flashes, warnings, seconds } = await publish({ name: 'gap.ts', clocks: [100, 124] });
    expect(flashes).toHaveLength(8);
    expect((flashes[4]?.seconds ?? 0) - (flashes[0]?.seconds ?? 0)).toBeCloseTo(24, 1);
    expect(seconds).toBeCloseTo(28, 0);
    expect(warnings[0]).toMatch(
      /^the recording has a gap of (19|20)\.\d s at 4\.0 s: there the picture stands/,
    );
  });

  it('and whose AAC changes its rate there goes on in step, also where it goes over the same times again', async () => {
    const stretch = (name: string, clock: number, rate: string) =>
      join4({ name, clocks: [clock], codecs: [...bframes, ...aac, '-ar', rate] });
    const stretches = [await stretch('44.ts', 100, '44100'), await stretch('32.ts', 101.5, '32000')];
    const clip = join(farm.folder, 'rates.ts');
    await writeFile(clip, Buffer.concat(await Promise.all(stretches.map((path) => readFile(path)))));
    const published = await farm.transcode(clip);
    expect(published.warnings).toEqual([jumps('back')]);
    const flashes = await measureSync(await readFilm(published));
    expect(flashes).toHaveLength(8);
    for (const { seconds, beepAfterSeconds } of flashes)
      expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${seconds} s`).toBeLessThan(0.02);
  });

  it('and whose audio changes its format there goes on in step', async () => {
    const name = 'formats.ts';
    const stereo = await join4({ name: 'stereo.ts', clocks: [100], codecs: [...x264, '-c:a', 'ac3'] });
    const surround = await join4({
      name: 'surround.ts',
      clocks: [50],
      codecs: [...x264, '-c:a', 'ac3', '-ac', '6'],
    });
    const clip = join(farm.folder, name);
    await writeFile(clip, Buffer.concat([await readFile(stereo), await readFile(surround)]));
    const flashes = await measureSync(await readFilm(await farm.transcode(clip)));
    expect(flashes).toHaveLength(8);
    for (const { beepAfterSeconds } of flashes) expect(Math.abs(beepAfterSeconds ?? 9)).toBeLessThan(0.022);
  });

  it('as the songs of a web radio in Ogg, is heard to its end', async () => {
    const songs = await Promise.all(
      [400, 600, 800].map(async (hertz) => {
        const song = join(farm.folder, `${hertz}.ogg`);
        await ffmpeg('-f', 'lavfi', '-i', `sine=frequency=${hertz}:duration=2`, '-c:a', 'libvorbis', song);
        return readFile(song);
      }),
    );
    const clip = join(farm.folder, 'radio.ogg');
    await writeFile(clip, Buffer.concat(songs));
    const film = await readFilm(await farm.transcode(clip));
    const sound = await listen(film.audio[0] as (typeof film.audio)[number]);
    for (const [n, hertz] of [400, 600, 800].entries())
      expect(sound.hertz(2 * n + 0.1, 2 * n + 1.9)).toBeCloseTo(hertz, -1);
    expect(sound.seconds).toBeCloseTo(6, 1);
  });

  it('as Ogg films one after another, which ffmpeg does not read, is refused', async () => {
    const theora = ['-c:v', 'libtheora', '-q:v', '3', '-c:a', 'libvorbis'];
    const clip = await join4({ name: 'films.ogv', clocks: [0, 0], codecs: theora });
    await expect(farm.transcode(clip)).rejects.toMatchObject({
      code: 'no-decoder',
      message: expect.stringContaining('several Ogg films one after another'),
    });
  });
});
