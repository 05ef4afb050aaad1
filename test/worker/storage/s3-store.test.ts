import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceChangedError, StorageError } from '../../../worker/src/storage/errors.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const headers = { contentType: 'text/plain', cacheControl: 'no-cache' };

let storage: TestStorage;
let store: Store;
let folder: string;

beforeAll(async () => {
  storage = await startStorage();
  store = openStore(storage.bucket('films'), { retrySeconds: 2 });
  folder = await mkdtemp(join(tmpdir(), 'store-'));
});

afterAll(async () => {
  store.close();
  await storage[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function keysOf(prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

describe('a bucket', () => {
  it.each([
    'a b',
    'a+b',
    'a%d',
    'a%20b',
    'caf\u00e9',
    'cafe\u0301',
    'new\nline',
    'tab\t',
    '-x',
    '.',
    '..',
    '../up',
    'a/../b',
    'a//b',
    '/lead',
    'trail/',
    ' space ',
    'concat:x',
    'what?x=1&y=2',
    '#hash',
    '"quo\'te<>&',
    '\u{1F3AC}',
    'x'.repeat(1024),
    '\u00e9'.repeat(512),
  ])('keeps a film named %j, and lists it under that name', async (key) => {
    await store.put(key, key, headers);
    expect((await store.get(key))?.toString()).toBe(key);
    expect((await store.head(key))?.sizeBytes).toBe(Buffer.byteLength(key));
    expect(await keysOf(key)).toContain(key);
    await store.remove([key]);
    expect(await store.head(key)).toBeUndefined();
    expect(await keysOf(key)).not.toContain(key);
  });

  it('keeps any name of printable text apart from any other', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .filter((text) => text.isWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), async (names) => {
        for (const key of names) await store.put(`any/${key}`, key, headers);
        for (const key of names) expect((await store.get(`any/${key}`))?.toString()).toBe(key);
        expect((await keysOf('any/')).toSorted()).toEqual(names.map((key) => `any/${key}`).toSorted());
        await store.remove(await keysOf('any/'));
      }),
      { numRuns: 25 },
    );
  });

  it('reports size, ETag, type and date of an object, and nothing of one that is not there', async () => {
    await store.put('one', 'four', { contentType: 'video/mp4', cacheControl: 'no-cache' });
    expect(await store.head('one')).toMatchObject({
      sizeBytes: 4,
      etag: '"8cbad96aced40b3838dd9f07f6ef5772"',
      contentType: 'video/mp4',
      lastModified: expect.any(Date),
    });
    expect(await store.head('none')).toBeUndefined();
    expect(await store.get('none')).toBeUndefined();
    await store.remove(['none']);
  });

  it('reads a range of one version, and refuses another version and an object that is gone', async () => {
    await store.put('film', '0123456789', headers);
    const etag = (await store.head('film'))?.etag ?? '';
    expect(String(await buffer(await store.readRange('film', { start: 3, end: 5 }, etag)))).toBe('345');
    await store.put('film', 'abcdefghij', headers);
    const reading = store.readRange('film', { start: 3, end: 5 }, etag);
    await expect(reading).rejects.toThrow(SourceChangedError);
    await expect(reading).rejects.toThrow('"film" in bucket "films" was replaced while it was read.');
    await store.remove(['film']);
    await expect(store.readRange('film', { start: 3, end: 5 }, etag)).rejects.toThrow('was removed');
  });

  it('lists more than a page', async () => {
    const keys = Array.from({ length: 1003 }, (_, index) => `many/${String(index).padStart(4, '0')}`);
    await storage.fill('films', keys);
    expect(await keysOf('many/')).toEqual(keys);
    await store.remove(keys);
    expect(await keysOf('many/')).toEqual([]);
  });

  it.each(['when-supported', 'when-required'] as const)(
    'takes files small and large with checksums %s, with their length reported beforehand',
    async (checksums) => {
      const own = openStore({ ...storage.bucket('films'), checksums }, { retrySeconds: 2 });
      for (const size of [0, 1000, 8 * 2 ** 20, 17 * 2 ** 20 + 1]) {
        const path = join(folder, `${checksums}-${size}`);
        const bytes = Buffer.alloc(size, 'film');
        await writeFile(path, bytes);
        expect(await own.putFile('file', path, headers)).toEqual({ sizeBytes: size });
        expect(await own.head('file')).toMatchObject({ sizeBytes: size, contentType: 'text/plain' });
        expect((await own.get('file'))?.equals(bytes)).toBe(true);
      }
      own.close();
    },
  );

  it('takes bytes of unknown length as they come, and keeps nothing of what breaks off', async () => {
    for (const size of [1000, 8 * 2 ** 20, 49 * 2 ** 20 + 1]) {
      const bytes = randomBytes(size);
      const come = async function* () {
        for (let at = 0; at < size; at += 700_001) yield bytes.subarray(at, at + 700_001);
      };
      expect(await store.putStream(`stream-${size}`, come(), headers)).toEqual({ sizeBytes: size });
      expect((await store.get(`stream-${size}`))?.equals(bytes)).toBe(true);
    }
    const breaks = async function* () {
      yield randomBytes(9 * 2 ** 20);
      throw new Error('ffmpeg ended with exit code 1');
    };
    await expect(store.putStream('broken', breaks(), headers)).rejects.toThrow('exit code 1');
    expect(await store.head('broken')).toBeUndefined();
  });

  it('says which bucket is missing and what to check', async () => {
    const other = openStore({ ...storage.bucket('films'), bucket: 'nowhere' }, { retrySeconds: 2 });
    const reading = other.get('film');
    await expect(reading).rejects.toThrow(StorageError);
    await expect(reading).rejects.toThrow(
      /^Storage could not read "film" in bucket "nowhere": NoSuchBucket.*Check the bucket/,
    );
    other.close();
  });
});
