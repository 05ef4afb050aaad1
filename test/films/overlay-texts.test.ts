import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderAssets } from '../../cli/plan/folder-assets.ts';
import { overlayFiles } from '../../worker/src/encode/draw.ts';
import { bundledFontFiles, bundledFontsHash } from '../../worker/src/fonts/bundled.ts';
import { prepareOverlays } from '../../worker/src/overlays/prepare.ts';
import type { OverlayOptions } from '../../worker/src/plan/overlay-options.ts';
import { planOverlays } from '../../worker/src/plan/overlays.ts';
import { anyText } from '../helpers/any-text.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../helpers/media/clips.ts';

const size = { width: 640, height: 180 };
const tools = realMediaTools();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let drawings = 0;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** What is white on black: as rows of pixels. */
async function draw(...overlays: OverlayOptions[]): Promise<Buffer> {
  const { plan } = planOverlays(
    { overlays, images: {}, fonts: [], bundledFonts: await bundledFontsHash() },
    size,
    10,
  );
  if (plan === undefined) throw new Error('Something was to be drawn.');
  const run = join(folder.path, `drawing-${drawings++}`);
  const { signal } = new AbortController();
  await prepareOverlays(plan, run, { assets: folderAssets(folder.path), tools, signal });
  const path = join(run, 'drawn.gray');
  await tools.ffmpeg({
    input: { lavfi: `color=black:s=${size.width}x${size.height}:r=1:d=1,format=yuv420p` },
    inputArgs: [],
    outputArgs: [
      ...[
        '-vf',
        `ass=filename=${overlayFiles.texts(0)}:fontsdir=${overlayFiles.fonts}:shaping=complex,format=gray`,
      ],
      ...['-frames:v', '1', '-f', 'rawvideo', path],
    ],
    cwd: run,
    fontConfigPath: join(run, overlayFiles.fontConfig),
    stallSeconds: 30,
  });
  return readFile(path);
}

/** The text as drawtext draws it, which knows neither tags nor escapes here. */
async function drawPlainly(text: string, fontSize: number): Promise<Buffer> {
  const [font = ''] = bundledFontFiles().filter((path) => path.endsWith('Roboto_400Regular.ttf'));
  const file = join(folder.path, 'plain.txt');
  await writeFile(file, text);
  const filter = `drawtext=fontfile=${font}:textfile=${file}:expansion=none:fontsize=${fontSize}:fontcolor=white:x=40:y=60`;
  const black = `color=black:s=${size.width}x${size.height}:r=1:d=1`;
  return ffmpeg(
    '-f',
    'lavfi',
    '-i',
    black,
    '-vf',
    `${filter},format=gray`,
    '-frames:v',
    '1',
    '-f',
    'rawvideo',
    '-',
  );
}

/** From the first column with ink to the last. */
function inkWidth(pixels: Buffer): number {
  const columns = Array.from({ length: size.width }, (_, x) => x).filter((x) =>
    Array.from({ length: size.height }, (_, y) => pixels[y * size.width + x] ?? 0).some(
      (value) => value > 100,
    ),
  );
  return (columns.at(-1) ?? 0) - (columns[0] ?? 0);
}

const roboto = (text: string): OverlayOptions => ({ text, font: 'Roboto', size: '12%', at: 'left' });

describe('the text of a stranger', () => {
  it('is as wide as its letters are, braces, backslashes and all: compared with a filter that knows no tags', async () => {
    const scale =
      inkWidth(await draw(roboto('nnnnnnnnnnnnnnnnnnnn'))) /
      inkWidth(await drawPlainly('nnnnnnnnnnnnnnnnnnnn', 20));
    const pieces = [
      '{',
      '}',
      '\\',
      '\\N',
      '\\h',
      '\\n',
      '{\\b1}',
      '{\\fs90}',
      '{\\pos(0,0)}',
      '{=1}',
      '\\{',
      '\\}',
      '\\\\',
      'n',
      'N',
      '&H',
      '%',
      "'",
      ':',
      ',',
      ';',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...pieces), { minLength: 4, maxLength: 9 }),
        async (parts) => {
          // Ink at both ends, and no space that one of the two would leave out.
          const text = `n${parts.join('')}n`;
          const drawn = inkWidth(await draw(roboto(text))) / scale;
          const reference = inkWidth(await drawPlainly(text, 20));
          expect(Math.abs(drawn - reference), text).toBeLessThan(3 + reference * 0.03);
        },
      ),
      { numRuns: 6 },
    );
  });

  it('never keeps the film from being drawn, whatever Unicode it is', async () => {
    const texts = fc.array(anyText({ minLength: 1, maxLength: 500 }), {
      minLength: 10,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(texts, async (all) => {
        expect((await draw(...all.map((text) => ({ text: `x${text}` })))).length).toBe(
          size.width * size.height,
        );
      }),
      { numRuns: 5 },
    );
  });

  it('may be 50 texts of 500 characters, each right above the other', async () => {
    const long = 'Lorem ipsum {\\b1} dolor 😀 سلام '.repeat(20).slice(0, 500).toWellFormed();
    const all = Array.from(
      { length: 50 },
      (): OverlayOptions => ({ text: long, size: '3%', box: '#00f8', outline: '#f00' }),
    );
    expect((await draw(...all)).some((value) => value > 100)).toBe(true);
  });
});

describe('letters of all kinds', () => {
  /** What a font draws for a character that it lacks is wider and looks the same for all of them. */
  const looks = async (text: string) => (await draw({ text, size: '20%', at: 'center' })).toString('latin1');

  it.each([
    ['emoji', '😀', '🚀'],
    ['Vietnamese', 'ế', 'ộ'],
    ['Hebrew', 'ש', 'ל'],
    ['Arabic', 'س', 'م'],
    ['Greek', 'Ω', 'Ψ'],
    ['Cyrillic', 'Ж', 'Щ'],
  ])('are drawn: %s', async (_, one, other) => {
    const missing = await looks('\u{10fffd}');
    const [first, second] = [await looks(one), await looks(other)];
    expect(first).not.toBe(missing);
    expect(second).not.toBe(missing);
    expect(first).not.toBe(second);
  });

  it('are joined where Arabic joins them, and run from right to left', async () => {
    const width = async (text: string) => inkWidth(await draw({ text, size: '20%', at: 'center' }));
    // Four letters joined are narrower than the four apart.
    expect(await width('سسسس')).toBeLessThan((await width('س')) * 3.6);
    const ink = async (text: string) => {
      const pixels = await draw({ text, size: '20%', at: 'center' });
      const row = (x: number) =>
        Array.from({ length: size.height }, (_, y) => pixels[y * size.width + x] ?? 0);
      const heights = Array.from(
        { length: size.width },
        (_, x) => row(x).filter((value) => value > 100).length,
      );
      const inked = heights.flatMap((height, x) => (height > 0 ? [x] : []));
      const middle = ((inked[0] ?? 0) + (inked.at(-1) ?? 0)) / 2;
      const sum = (from: number, to: number) =>
        heights.slice(from, to).reduce((all, height) => all + height, 0);
      return { left: sum(0, middle), right: sum(middle, size.width) };
    };
    // Two dots of ink after the letters in memory are left of them in the picture.
    const { left, right } = await ink('שששש...');
    expect(right).toBeGreaterThan(left);
  });

  it('come from the fonts of the farm alone, whatever the machine has', async () => {
    // Chinese is in none of them, though many machines have a font for it: two characters look alike.
    const boxes = await Promise.all(['漢', '字'].map(looks));
    expect(boxes[0]).toBe(boxes[1]);
  });
});
