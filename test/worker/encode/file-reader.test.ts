import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFileReader } from '../../../worker/src/encode/file-reader.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-reader-'));
});

afterAll(() => rm(folder, { recursive: true }));

const file = async (name: string, text: string) => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

it('gives each file whole, larger and smaller ones in any order, many asked for at once', async () => {
  const read = createFileReader();
  const texts = ['a', 'bb'.repeat(5000), '', 'c'.repeat(100_000), 'dd'];
  const paths = await Promise.all(texts.map((text, index) => file(String(index), text)));
  expect(await Promise.all(paths.map((path) => read(path, String)))).toEqual(texts);
});

it('uses its memory again', async () => {
  const read = createFileReader();
  const first = await read(await file('first', 'x'.repeat(1000)), ({ buffer }) => buffer);
  expect(await read(await file('second', 'y'.repeat(900)), ({ buffer }) => buffer)).toBe(first);
});

it('goes on after a file that is not there, and after a reader that throws', async () => {
  const read = createFileReader();
  const path = await file('here', 'here');
  const missing = read(join(folder, 'missing'), String);
  const thrown = read(path, () => {
    throw new Error('unfit');
  });
  const last = read(path, String);
  await expect(missing).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(thrown).rejects.toThrow('unfit');
  expect(await last).toBe('here');
});
