import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readImageHeader } from '../../../worker/src/overlays/image-header.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const make = async (name: string, ...args: string[]) => {
  const path = join(folder.path, name);
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=66x34,format=rgba,colorchannelmixer=aa=0.5', ...args, path);
  return readFile(path);
};
const one = ['-frames:v', '1'];

it.each([
  ['png', 'a.png', one],
  ['jpeg', 'a.jpg', [...one, '-pix_fmt', 'yuvj420p']],
  ['webp', 'lossy.webp', [...one, '-c:v', 'libwebp']],
  ['webp', 'lossless.webp', [...one, '-c:v', 'libwebp', '-lossless', '1']],
  ['webp', 'opaque.webp', [...one, '-pix_fmt', 'yuv420p', '-c:v', 'libwebp']],
] as const)('reads the size of a %s as its encoder wrote it (%s)', async (format, name, args) => {
  expect(readImageHeader(await make(name, ...args))).toEqual({ format, width: 66, height: 34 });
});

it('finds the size of a JPEG behind a long EXIF', async () => {
  const plain = await make('exif.jpg', ...one, '-pix_fmt', 'yuvj420p');
  const exif = Buffer.concat([Buffer.from([0xff, 0xe1, 0xff, 0xff]), Buffer.alloc(0xffff - 2, 0xc0)]);
  const long = Buffer.concat([plain.subarray(0, 2), exif, exif, plain.subarray(2)]);
  expect(readImageHeader(long)).toEqual({ format: 'jpeg', width: 66, height: 34 });
});

it('takes no animation for a still image', async () => {
  const animated = await make('moves.webp', '-t', '0.2', '-c:v', 'libwebp_anim');
  expect(readImageHeader(animated)).toBe('animated');
});

it('takes nothing else for an image, and never breaks', async () => {
  const others = [
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '#EXTM3U\n/etc/passwd',
    '',
    'GIF89a',
    'RIFF____WEBP',
  ];
  for (const text of others) expect(readImageHeader(Buffer.from(text)), text).toBeUndefined();
  const images = await Promise.all([
    make('b.png', ...one),
    make('b.jpg', ...one, '-pix_fmt', 'yuvj420p'),
    make('b.webp', ...one),
  ]);
  fc.assert(
    fc.property(
      fc.constantFrom(...images),
      fc.nat(400),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 8 }),
      (image, length, changes) => {
        const damaged = Buffer.from(image.subarray(0, length));
        for (const [at, value] of changes) if (at < damaged.length) damaged.writeUInt8(value, at);
        const read = readImageHeader(damaged);
        if (typeof read === 'object') expect(read.width).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 500 },
  );
});
