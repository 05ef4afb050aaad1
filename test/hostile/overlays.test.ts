import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundledFontFiles } from '../../worker/src/fonts/bundled.ts';
import type { OverlayOptions } from '../../worker/src/plan/overlay-options.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import type { FaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { outcome, startHostileFarm } from '../helpers/local-farm/hostile-farm.ts';
import { expectClean } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { until } from '../helpers/until.ts';

let faults: FaultFarm;
beforeAll(async () => {
  faults = await startHostileFarm();
});
afterAll(() => faults[Symbol.asyncDispose]());

async function made(name: string, ...args: string[]): Promise<Buffer> {
  const path = join(faults.folder, name);
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25:duration=1', ...args, path);
  return readFile(path);
}

/** A PNG that says that it has so many pixels. */
function claims(png: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(png);
  copy.writeUInt32BE(width, 16);
  copy.writeUInt32BE(height, 20);
  return copy;
}

/** A PNG whose colour profile is 768 MB when it is inflated. */
function inflates(png: Buffer): Buffer {
  const piece = deflateRawSync(Buffer.alloc(2 ** 24), { finishFlush: constants.Z_FULL_FLUSH });
  const stream = Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array<Buffer>(48).fill(piece)]);
  const body = Buffer.concat([Buffer.from('iCCPprofile\0\0', 'latin1'), stream]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length - 4);
  sum.writeUInt32BE(crc32(body));
  // Behind the header of the image.
  return Buffer.concat([png.subarray(0, 33), length, body, sum, png.subarray(33)]);
}

/** A WebP that says in its first chunk that it is smaller than in its second. */
function lies(webp: Buffer): Buffer {
  const lossless = Buffer.from(webp.subarray(12));
  // 16384 x 16384
  lossless.writeUInt32LE((lossless.readUInt32LE(9) & 0xf0000000) | 0x0fffffff, 9);
  const extended = Buffer.alloc(18);
  extended.write('VP8X', 'latin1');
  extended.writeUInt32LE(10, 4);
  extended.writeUIntLE(99, 12, 3);
  extended.writeUIntLE(99, 15, 3);
  const body = Buffer.concat([Buffer.from('WEBP'), extended, lossless]);
  const head = Buffer.from('RIFF....');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** A font that names as many more tables as a font can, all of them one and the same. */
function manyTables(file: Buffer): Buffer {
  const count = file.readUInt16BE(4);
  const more = 10_000;
  const entries = Buffer.from(file.subarray(12, 12 + 16 * count));
  for (let n = 0; n < count; n++)
    entries.writeUInt32BE(entries.readUInt32BE(16 * n + 8) + 16 * more, 16 * n + 8);
  const others = Buffer.concat(
    Array.from({ length: more }, (_, n) => {
      const entry = Buffer.from(entries.subarray(0, 16));
      entry.write(`z${String(n).padStart(4, '0')}`.slice(0, 4), 'latin1');
      return entry;
    }),
  );
  const head = Buffer.from(file.subarray(0, 12));
  head.writeUInt16BE(count + more, 4);
  return Buffer.concat([head, entries, others, file.subarray(12 + 16 * count)]);
}

const [roboto = Buffer.alloc(0)] = bundledFontFiles()
  .filter((path) => path.endsWith('Roboto_400Regular.ttf'))
  .map((path) => readFileSync(path));

/** A font under another name, with what is asked for done to it. */
function font(family: string, change: (file: Buffer) => void = () => {}): Buffer {
  const copy = Buffer.from(roboto);
  for (const encoding of ['utf16be', 'latin1']) {
    const bytes = (text: string) =>
      encoding === 'latin1' ? Buffer.from(text) : Buffer.from(text, 'utf16le').swap16();
    for (let at = copy.indexOf(bytes('Roboto')); at >= 0; at = copy.indexOf(bytes('Roboto'), at + 1))
      bytes(family).copy(copy, at);
  }
  change(copy);
  return copy;
}

/** Fills the middle of a table with noise. */
function spoil(table: string): (file: Buffer) => void {
  return (file) => {
    const entry = file.indexOf(table, 12, 'latin1');
    const [offset, length] = [file.readUInt32BE(entry + 8), file.readUInt32BE(entry + 12)];
    for (let at = offset + 4; at < offset + length; at += 7) file.writeUInt8((at * 131) % 256, at);
  };
}

it('every hostile image, font and text has its one outcome, and the worker lives', async () => {
  const { farm } = faults;
  const png = await made('plain.png', '-frames:v', '1');
  const jpeg = await made('plain.jpg', '-frames:v', '1', '-pix_fmt', 'yuvj420p');
  const text = (words: string) => Buffer.from(words);
  await farm.put('clip.mp4', await made('clip.mp4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p'));
  const files: Record<string, Buffer> = {
    'plain.png': png,
    'cut.png': png.subarray(0, png.length / 3),
    'cut.jpg': jpeg.subarray(0, jpeg.length / 2),
    'bomb.png': claims(png, 60_000, 60_000),
    'large.png': claims(png, 4096, 4096),
    'heavy.png': Buffer.concat([png, Buffer.alloc(11 * 2 ** 20)]),
    'list.png': text('#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'),
    'concat.png': text("ffconcat version 1.0\nfile '/etc/passwd'\n"),
    'drawing.png': text('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
    'empty.png': Buffer.alloc(0),
    'profile.png': inflates(png),
    'lies.webp': lies(await made('still.webp', '-frames:v', '1', '-c:v', 'libwebp', '-lossless', '1')),
    'fonts/tables-10000.ttf': manyTables(font('Crowds')),
    'fonts/larger.ttf': Buffer.concat([roboto, Buffer.alloc(21 * 2 ** 20)]),
    'moves.webp': await made('moves.webp', '-t', '0.2', '-c:v', 'libwebp_anim'),
    'fonts/good.ttf': font('Brandy'),
    'fonts/glyphs.ttf': font('Glyphs', spoil('glyf')),
    'fonts/tables.otf': font('Tables', (file) => {
      for (const table of ['GPOS', 'GSUB', 'GDEF', 'cmap', 'loca']) spoil(table)(file);
    }),
    'fonts/words.ttf': text('no font at all'),
    'fonts/half.ttf': roboto.subarray(0, roboto.length / 2),
    'fonts/comma.ttf': font('Ro,oto'),
    'fonts/readme.txt': text('mine'),
  };
  for (const [key, file] of Object.entries(files)) await farm.put(key, file);
  const long = 'Lorem ipsum {\\b1} 😀 سلام '.repeat(30).slice(0, 500).toWellFormed();
  const cases: Record<string, { overlays: OverlayOptions[]; ends: string }> = {
    image: { overlays: [{ image: 'plain.png' }], ends: 'succeeded' },
    missing: { overlays: [{ image: 'nowhere.png' }], ends: 'bad-image' },
    escape: { overlays: [{ image: '../../etc/passwd' }], ends: 'bad-image' },
    ...Object.fromEntries(
      ['cut', 'bomb', 'large', 'heavy', 'list', 'concat', 'drawing', 'empty'].map((name) => [
        name,
        { overlays: [{ image: `${name}.png` }], ends: 'bad-image' },
      ]),
    ),
    'half-jpeg': { overlays: [{ image: 'cut.jpg' }], ends: 'bad-image' },
    animated: { overlays: [{ image: 'moves.webp' }], ends: 'bad-image' },
    'profile-bomb': { overlays: [{ image: 'profile.png' }], ends: 'bad-image' },
    'webp-lies': { overlays: [{ image: 'lies.webp' }], ends: 'bad-image' },
    'crowded-font': { overlays: [{ text: 'Crowd', font: 'Crowds' }], ends: 'succeeded' },
    'own-font': { overlays: [{ text: 'Brand', font: 'brandy' }], ends: 'succeeded' },
    'spoilt-glyphs': { overlays: [{ text: 'Glyphs', font: 'Glyphs' }], ends: 'succeeded' },
    'spoilt-tables': { overlays: [{ text: 'Tables سلام', font: 'Tables' }], ends: 'succeeded' },
    'font-of-words': { overlays: [{ text: 'x', font: 'no font at all' }], ends: 'unknown-font' },
    'font-as-path': { overlays: [{ text: 'x', font: '/etc/passwd' }], ends: 'unknown-font' },
    'font-of-the-machine': { overlays: [{ text: 'x', font: 'DejaVu Sans' }], ends: 'unknown-font' },
    'fifty-texts': {
      overlays: Array.from({ length: 50 }, (_, n) => ({
        text: long,
        box: '#00f8',
        from: n / 60,
        in: 'fade' as const,
      })),
      ends: 'succeeded',
    },
  };
  for (const [id, { overlays }] of Object.entries(cases))
    await farm.sendJob({ id, source: 'clip.mp4', options: { overlays } });
  const worker = faults.startWorker();
  const ended = new Map<string, JobState>();
  await until(
    async () => {
      for (const id of Object.keys(cases)) {
        const state = JSON.parse((await farm.read(`${id}/status.json`)) ?? '{}') as JobState;
        if (state.state === 'succeeded' || state.state === 'failed') ended.set(id, state);
      }
      return ended.size === Object.keys(cases).length;
    },
    'all jobs to end',
    120,
  );
  const ends = (find: (id: string) => string) =>
    Object.fromEntries(Object.keys(cases).map((id) => [id, find(id)]));
  expect(ends((id) => outcome(ended.get(id)))).toEqual(ends((id) => cases[id]?.ends ?? ''));
  expect(ended.get('font-of-the-machine')?.error?.message).toMatch(
    /^The font "DejaVu Sans" is unknown: this farm has Montserrat, Open Sans, Playfair Display, Roboto, and under fonts\/ of the source bucket Brandy, Crowds, Glyphs, Tables\..*Not usable: fonts\/comma\.ttf has the family name "Ro,oto".*fonts\/half\.ttf is damaged: it is cut off; fonts\/larger\.ttf has \d+ bytes; allowed are 20971520 \(20 MiB\); fonts\/words\.ttf is not a TTF or OTF font\.$/,
  );
  await expectClean(faults);
  expect(logLines(worker.log).filter(({ level }) => Number(level) >= 60)).toEqual([]);
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
}, 150_000);
