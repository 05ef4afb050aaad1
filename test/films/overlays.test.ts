import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OverlayOptions } from '../../worker/src/plan/overlay-options.ts';
import { ffmpeg, temporaryFolder } from '../helpers/media/clips.ts';
import { drawFilm } from '../helpers/media/drawn-film.ts';

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
    const plain = await drawFilm(clip, [], folder.path, { partSeconds: 3600, ladder });
    await using films = new AsyncDisposableStack();
    for (const film of [inParts, inOne, plain]) films.use(film);
    expect(inParts.plan.parts.length).toBe(4);
    expect(inOne.plan.parts.length).toBe(1);
    const [parts = []] = await inParts.frames();
    const [whole = []] = await inOne.frames();
    expect(parts.length).toBe(rate === '25' ? 200 : 240);
    expect(parts).toEqual(whole);
    // An overlay is on every frame.
    const [bare = []] = await plain.frames();
    expect(whole.filter((frame) => bare.includes(frame))).toEqual([]);
  });
});
