import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { JoinedSource } from '../../../worker/src/source/joined-source.ts';

const objects = ['ab', 'cde', 'fg', 'h', 'ijkl', 'm', 'no', 'pq'].map((text) => ({
  key: text,
  etag: '"1"',
  sizeBytes: text.length,
}));

/** Gives an object's bytes, which are its key. Those asked for last are answered first. */
function slowStore() {
  const bodies: Readable[] = [];
  const seen = { open: 0, most: 0 };
  return {
    bodies,
    seen,
    async readRange(key: string, { start, end }: { start: number; end: number }): Promise<Readable> {
      seen.open += 1;
      seen.most = Math.max(seen.most, seen.open);
      await new Promise((resolve) => setTimeout(resolve, 20 - 2 * bodies.length));
      seen.open -= 1;
      const body = Readable.from([Buffer.from(key.slice(start, end + 1))]);
      bodies.push(body);
      return body;
    },
  };
}

async function read(store: ReturnType<typeof slowStore>, start: number, end: number, skipBytes = 0) {
  const joined = new JoinedSource(store, 'joined', objects, skipBytes);
  const body = await joined.readRange({ start, end }, await joined.describe());
  return (await buffer(body)).toString();
}

it('objects are read as one file, in their order, several of them asked for at once', async () => {
  const store = slowStore();
  expect(await read(store, 0, 16)).toBe('abcdefghijklmnopq');
  expect(store.seen.most).toBe(6);
  expect(await read(slowStore(), 3, 8)).toBe('defghi');
});

it('the headers of all but the first are left out where that is wanted', async () => {
  expect(await read(slowStore(), 0, 8, 1)).toBe('abdegjklo');
});

it('what was asked for ahead is given up when its reader goes, or one of them fails', async () => {
  const store = slowStore();
  const joined = new JoinedSource(store, 'joined', objects);
  const info = await joined.describe();
  for await (const _ of await joined.readRange({ start: 0, end: 16 }, info)) break;
  await expect.poll(() => store.bodies.length).toBeGreaterThanOrEqual(6);
  await expect.poll(() => store.bodies.every(({ destroyed }) => destroyed)).toBe(true);

  const failing = slowStore();
  const broken = new JoinedSource(
    {
      async readRange(key, range) {
        if (key === 'fg') throw new Error('The connection broke.');
        return failing.readRange(key, range);
      },
    },
    'joined',
    objects,
  );
  const body = await broken.readRange({ start: 0, end: 16 }, info);
  await expect(buffer(body)).rejects.toThrow('The connection broke.');
  await expect.poll(() => failing.bodies.every(({ destroyed }) => destroyed)).toBe(true);
});
