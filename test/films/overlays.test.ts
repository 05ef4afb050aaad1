import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OverlayOptions } from '../../worker/src/plan/overlay-options.ts';
import { ffmpeg, temporaryFolder } from '../helpers/media/clips.ts';
import { drawFilm } from '../helpers/media/drawn-film.ts';
import { readFilm } from '../helpers/media/read-film.ts';
import { startTranscoding } from '../helpers/media/transcoding.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const make = async (name: string, source: string, ...args: string[]) => {
  const path = join(folder.path, name);
  await ffmpeg('-f', 'lavfi', '-i', source, ...args, path);
  return path;
};

beforeAll(async () => {
  folder = await temporaryFolder();
  await make('logo.png', 'color=gray@0.5:s=80x40,format=rgba', '-frames:v', '1');
  await make('photo.jpg', 'testsrc2=s=120x90', '-frames:v', '1');
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Seams are at 2, 4 and 6 s: something moves, fades, comes and goes across each. */
const overlays: OverlayOptions[] = [
  {
    text: 'Grüezi 😀\nسلام',
    font: 'Montserrat',
    weight: 'bold',
    box: '#00000080',
    in: 'fade',
    from: 1.7,
    to: 4.2,
    out: 'fade',
  },
  { image: 'logo.png', at: 'top-left', width: '20%', from: 1.8, in: 'fade', to: 4.3, out: 'slide-left' },
  {
    text: 'From the left',
    at: 'left',
    outline: '#000',
    from: 3.9,
    in: 'slide-right',
    to: 6.2,
    out: 'slide-up',
  },
  {
    image: 'photo.jpg',
    at: 'right',
    width: '25%',
    opacity: 0.6,
    from: 3.75,
    in: 'slide-left',
    to: -1.7,
    out: 'fade',
  },
  { image: 'logo.png', at: 'bottom-left', width: '10%' },
  { image: 'logo.png', at: 'bottom-right', width: '10%', from: 2, to: 4 },
  { text: 'the end', at: 'top', from: -2.04 },
];

describe('a film with texts and images', () => {
  it.each([
    { name: 'steady.mp4', what: 'with its own timestamps', rate: '25' },
    { name: 'ntsc.mp4', what: 'at 30000/1001', rate: '30000/1001' },
    { name: 'grid.mkv', what: 'in Matroska, on a grid', rate: '30000/1001' },
  ])('$what is in parts, frame by frame, what it is in one run', async ({ name, rate }) => {
    const clip = await make(name, `testsrc2=s=320x180:r=${rate}:d=8`, ...encode, '-g', '37');
    const ladder = [{ rung: '240p' as const }];
    const inParts = await drawFilm(clip, overlays, folder.path, { partSeconds: 2, ladder });
    const inOne = await drawFilm(clip, overlays, folder.path, { partSeconds: 3600, ladder });
    await using films = new AsyncDisposableStack();
    for (const film of [inParts, inOne]) films.use(film);
    expect(inParts.plan.parts.length).toBe(4);
    expect(inOne.plan.parts.length).toBe(1);
    const [parts = []] = await inParts.frames();
    const [whole = []] = await inOne.frames();
    expect(parts.length).toBe(rate === '25' ? 200 : 240);
    expect(parts).toEqual(whole);
    // An overlay is on every frame; one film is enough to see that.
    if (name !== 'steady.mp4') return;
    const plain = films.use(await drawFilm(clip, [], folder.path, { partSeconds: 3600, ladder }));
    const [bare = []] = await plain.frames();
    expect(whole.filter((frame) => bare.includes(frame))).toEqual([]);
  });
});

describe('the published film', () => {
  /** Brightness of every frame, at a place that is given in shares of the picture. */
  const brightness = async (path: string, x: number, y: number) => {
    const filter = `crop=2:2:iw*${x}:ih*${y},scale=1:1:flags=area`;
    const raw = ['-vf', filter, '-fps_mode', 'passthrough', '-pix_fmt', 'gray', '-f', 'rawvideo', '-'];
    return [...(await ffmpeg('-copyts', '-i', path, ...raw))].map((value) => (value > 128 ? 1 : 0));
  };

  it('of two clips has an overlay at its film time, on every rendition and the poster, and the watermark of the farm', async () => {
    await using farm = await startTranscoding();
    const black = (name: string, size: string, rate: number) =>
      // Noise, as a smaller rendition that saves nothing is left out.
      make(name, `color=black:s=${size}:r=${rate}:d=3,noise=alls=40:allf=t+u`, ...encode);
    const clips = [await black('a.mp4', '640x360', 25), await black('b.mp4', '320x180', 30)];
    const white = await readFile(await make('white.png', 'color=white:s=40x40', '-frames:v', '1'));
    const put = (key: string) =>
      farm.stores.source.put(key, white, { contentType: 'image/png', cacheControl: 'no-cache' });
    await put('brand/white.png');
    await put('brand/mark.png');
    const published = await farm.transcode(
      clips.map((path) => ({ path })),
      {
        job: {
          ladder: [{ rung: '360p' }, { rung: '240p' }],
          thumbnailAt: 3.5,
          overlays: [{ image: 'brand/white.png', at: 'center', width: '20%', from: 2, to: 4 }],
        },
        environment: { WATERMARK: '{"image":"brand/mark.png","at":"top-left","width":"10%"}' },
      },
    );
    const { video } = await readFilm(published);
    expect(video.map(({ name }) => name)).toEqual(['360p', '240p']);
    for (const { name, joinedPath } of video) {
      const centre = await brightness(joinedPath, 0.5, 0.5);
      expect(centre, name).toEqual(Array.from({ length: 180 }, (_, n) => (n >= 60 && n < 120 ? 1 : 0)));
      expect(await brightness(joinedPath, 0.06, 0.1), name).toEqual(Array.from({ length: 180 }, () => 1));
    }
    const poster = join(published.folder, published.film.plan, 'poster.jpg');
    expect(await brightness(poster, 0.5, 0.5)).toEqual([1]);
  });

  it('is made again when a logo has changed, and not while nothing has', async () => {
    await using farm = await startTranscoding();
    const clip = await make('plain.mp4', 'color=black:s=160x90:r=25:d=1', ...encode);
    const logo = async (colour: string) => {
      const png = await readFile(await make(`${colour}.png`, `color=${colour}:s=40x40`, '-frames:v', '1'));
      await farm.stores.source.put('logo.png', png, { contentType: 'image/png', cacheControl: 'no-cache' });
    };
    const transcode = async () => {
      const job = { overlays: [{ image: 'logo.png' }] };
      return (await farm.transcode(clip, { id: 'film', job })).film.plan;
    };
    await logo('red');
    const first = await transcode();
    expect(await transcode()).toBe(first);
    await logo('green');
    expect(await transcode()).not.toBe(first);
  });
});
