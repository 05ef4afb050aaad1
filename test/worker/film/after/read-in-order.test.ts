import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { ObjectList } from '../../../../worker/src/film/after/object-list.ts';
import { readInOrder } from '../../../../worker/src/film/after/read-in-order.ts';
import type { ListedObject } from '../../../../worker/src/storage/store.ts';

const timing = { patienceSeconds: 5, slowSeconds: 5, slowBytesPerSecond: 1 };

/** Storage that breaks off each answer once, and counts the answers that are under way. */
function storageOf(contents: ReadonlyMap<string, Buffer>) {
  const broken = new Set<string>();
  const seen = { underWay: 0, most: 0, bytesAhead: 0 };
  return {
    seen,
    async readRange(
      key: string,
      { start, end }: { start: number; end: number },
      _etag: string,
      signal?: AbortSignal,
    ) {
      signal?.throwIfAborted();
      const bytes = contents.get(key)?.subarray(start, end + 1);
      if (bytes === undefined) throw new Error(`${key} is gone.`);
      seen.underWay += 1;
      seen.most = Math.max(seen.most, seen.underWay);
      const isWhole = broken.has(key);
      broken.add(key);
      async function* come() {
        // Copies, as their reader frees them.
        yield Buffer.from(bytes?.subarray(0, 1000) ?? '');
        seen.underWay -= 1;
        if (!isWhole) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        if ((bytes?.length ?? 0) > 1000) yield Buffer.from(bytes?.subarray(1000) ?? '');
      }
      return Readable.from(come());
    },
  };
}

const objectsOf = (contents: ReadonlyMap<string, Buffer>): ListedObject[] =>
  [...contents].map(([key, bytes]) => ({ key, sizeBytes: bytes.length, etag: '"x"' }));

it('reads objects in their order, some at once, and goes on where a connection broke', async () => {
  const contents = new Map(Array.from({ length: 20 }, (_, n) => [`${n}`, randomBytes(500 + n * 1000)]));
  const storage = storageOf(contents);
  const read: Buffer[] = [];
  for await (const bytes of readInOrder(storage, ObjectList.whole(objectsOf(contents)), {
    timing,
    signal: new AbortController().signal,
  }))
    read.push(Buffer.from(bytes));
  expect(Buffer.concat(read).equals(Buffer.concat([...contents.values()]))).toBe(true);
  expect(storage.seen.most).toBeGreaterThan(1);
  expect(storage.seen.most).toBeLessThanOrEqual(6);
});

it('says what is gone when its turn comes', async () => {
  const contents = new Map(Array.from({ length: 4 }, (_, n) => [`${n}`, randomBytes(100)]));
  const objects = objectsOf(contents);
  contents.delete('2');
  const read: number[] = [];
  const reading = (async () => {
    for await (const bytes of readInOrder(storageOf(contents), ObjectList.whole(objects), {
      timing,
      signal: new AbortController().signal,
    }))
      read.push(bytes.length);
  })();
  await expect(reading).rejects.toThrow('2 is gone.');
  expect(read).toHaveLength(2);
});

it('asks for nothing more when its reader leaves', async () => {
  const contents = new Map(Array.from({ length: 100 }, (_, n) => [`${n}`, randomBytes(2 * 2 ** 20)]));
  let asked = 0;
  const storage = storageOf(contents);
  const counting: typeof storage = {
    ...storage,
    readRange: (...given) => {
      asked += 1;
      return storage.readRange(...given);
    },
  };
  for await (const _ of readInOrder(counting, ObjectList.whole(objectsOf(contents)), {
    timing,
    signal: new AbortController().signal,
  }))
    break;
  // 16 MiB ahead are eight of them; each was asked for again when its connection broke.
  expect(asked).toBeLessThanOrEqual(12);
});
