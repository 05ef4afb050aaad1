import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RefusedError } from '../../../worker/src/errors.ts';
import { followUrl, lookUrl } from '../../../worker/src/source/server.ts';
import { until } from '../../helpers/until.ts';
import { type SourceFarm, startSourceFarm } from '../../helpers/worker/source.ts';

const blockBytes = 64 * 1024;
const small = { blockBytes, memoryBytes: 12 * blockBytes };

let farm: SourceFarm;

beforeAll(async () => {
  farm = await startSourceFarm();
});

afterEach(() => farm.proxy.heal());

afterAll(() => farm[Symbol.asyncDispose]());

async function read(url: string, range?: string): Promise<Buffer> {
  const response = await fetch(url, { headers: range ? { range } : {} });
  return Buffer.from(await response.arrayBuffer());
}

/** Asks for a range and leaves after so many bytes, as ffmpeg does when it seeks. */
function peek(url: string, start: number, bytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const asked = request(url, { headers: { range: `bytes=${start}-` } }, (response) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length < bytes) return;
      asked.destroy();
      resolve(Buffer.concat(chunks).subarray(0, bytes));
    });
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

describe('serveSource', () => {
  it('answers HEAD and GET, whole and in ranges, as a file server does', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 5 * blockBytes + 123);
    await using server = await farm.serve(source, info, small);
    const head = await fetch(server.url, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('accept-ranges')).toBe('bytes');
    expect(head.headers.get('content-length')).toBe(String(bytes.length));

    expect((await read(server.url)).equals(bytes)).toBe(true);
    const part = await fetch(server.url, { headers: { range: 'bytes=70000-' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 70000-${bytes.length - 1}/${bytes.length}`);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(70000))).toBe(true);
    expect((await read(server.url, 'bytes=-5')).equals(bytes.subarray(-5))).toBe(true);

    const beyond = await fetch(server.url, { headers: { range: `bytes=${bytes.length}-` } });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${bytes.length}`);
  });

  it('answers nothing but its own path, and nothing but GET and HEAD', async () => {
    const { source, info } = await farm.film('film.mp4', 1000);
    await using server = await farm.serve(source, info, small);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
    for (const path of ['/', '/etc/passwd', '/../../etc/passwd', '/film.mp4']) {
      expect((await fetch(new URL(path, server.url))).status).toBe(404);
    }
    expect((await fetch(`${server.url}?x`)).status).toBe(404);
    expect((await fetch(server.url, { method: 'PUT', body: 'x' })).status).toBe(405);
  });

  it('gives any reader any range right, many at once', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 9 * blockBytes + 1);
    await using server = await farm.serve(source, info, small);
    const range = fc.tuple(fc.nat(bytes.length - 1), fc.nat(bytes.length - 1));
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 6 }), async (ranges) => {
        const all = ranges.map(async ([a, b]) => {
          const [start, end] = a < b ? [a, b] : [b, a];
          const got = await read(server.url, `bytes=${start}-${end}`);
          expect(got.equals(bytes.subarray(start, end + 1))).toBe(true);
        });
        await Promise.all(all);
      }),
      { numRuns: 40 },
    );
    expect(server.failure).toBeUndefined();
  });

  it('lets readers leave at any point, and is ready for the next', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 40 * blockBytes);
    await using server = await farm.serve(source, info, small);
    for (let index = 0; index < 40; index++) {
      const start = (index * 7919 * 31) % (bytes.length - 200);
      expect((await peek(server.url, start, 100)).equals(bytes.subarray(start, start + 100))).toBe(true);
    }
    expect((await read(server.url)).equals(bytes)).toBe(true);
    expect(server.failure).toBeUndefined();
  });

  it('fetches once what two readers read near each other, and keeps the start at hand', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 8 * blockBytes);
    await using server = await farm.serve(source, info, small);
    const [a, b] = await Promise.all([read(server.url), read(server.url)]);
    expect(a.equals(bytes) && b.equals(bytes)).toBe(true);
    await peek(server.url, 0, 1000);
    expect(server.fetchedBytes).toBe(bytes.length);
    expect(server.servedBytes).toBeGreaterThanOrEqual(2 * bytes.length);
  });

  it('asks storage for two blocks after a seek, and for more ahead of a reader that reads on', async () => {
    const { source, info } = await farm.film('film.mp4', 30 * blockBytes);
    await using server = await farm.serve(source, info, { ...small, readAheadBlocks: 4 });
    const rangeStart = (range = '') => Number(/\d+/.exec(range)?.[0]);
    /** Where each block begins that was asked for, however often: a request that hangs is sent again after a second. */
    const asked = new Set<number>();
    const isLate = ({ headers }: { headers: { range?: string } }) => {
      const start = rangeStart(headers.range);
      if (start >= 6 * blockBytes) asked.add(start);
      return start >= 6 * blockBytes;
    };
    farm.proxy.inject({ kind: 'hang' }, { match: isLate });

    const sought = request(server.url, { headers: { range: `bytes=${20 * blockBytes}-` } }).end();
    sought.on('error', () => undefined);
    await until(() => asked.size >= 2, 'two blocks after a seek');
    await sleep(300);
    expect(asked.size).toBe(2);
    sought.destroy();

    const reading = expect(read(server.url)).rejects.toThrow();
    // Blocks 6 to 10: the one it stands at, and four ahead.
    await until(() => asked.size >= 2 + 5, 'the blocks ahead of the reader');
    await sleep(300);
    expect(asked.size).toBe(2 + 5);
    await server.close();
    await reading;
  });

  it('fetches one block for a look at some place, and more for one that reads on', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 12 * blockBytes);
    await using server = await farm.serve(source, info, small);
    const start = 8 * blockBytes + 5;
    expect((await peek(lookUrl(server.url), start, 100)).equals(bytes.subarray(start, start + 100))).toBe(
      true,
    );
    await sleep(300);
    expect(server.fetchedBytes).toBe(blockBytes);
    expect((await read(lookUrl(server.url), `bytes=${start}-`)).equals(bytes.subarray(start))).toBe(true);
    expect(server.fetchedBytes).toBe(4 * blockBytes);
  });

  it('fetches as far ahead for one that reads the film through as for an encoder', async () => {
    const { source, info } = await farm.film('film.mp4', 30 * blockBytes);
    await using server = await farm.serve(source, info, small);
    const asked = new Set<string>();
    const isLate = ({ headers: { range = '' } }: { headers: { range?: string } }) => {
      if (Number(/\d+/.exec(range)?.[0]) < 12 * blockBytes) return false;
      asked.add(range);
      return true;
    };
    farm.proxy.inject({ kind: 'hang' }, { match: isLate });
    const reading = expect(read(lookUrl(server.url))).rejects.toThrow();
    // The block it stands at, and three ahead.
    await until(() => asked.size >= 4, 'the blocks ahead of the reader');
    await server.close();
    await reading;
  });

  it('keeps what comes first in the film, and not what a look has sought', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 30 * blockBytes);
    await using server = await farm.serve(source, info, { blockBytes, memoryBytes: 5 * blockBytes });
    const start = `bytes=0-${5 * blockBytes - 1}`;
    await read(lookUrl(server.url), start);
    await peek(lookUrl(server.url), 20 * blockBytes, 100);
    await sleep(100);
    expect((await read(server.url, start)).equals(bytes.subarray(0, 5 * blockBytes))).toBe(true);
    // One had to make room for what was sought.
    expect(server.fetchedBytes).toBe((5 + 1 + 1) * blockBytes);
  });

  it('holds no reader near a look', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 10 * blockBytes);
    await using server = await farm.serve(source, info, { ...small, leftSeconds: 3600, followSeconds: 3600 });
    await peek(lookUrl(server.url), 0, 100);
    expect((await read(followUrl(server.url))).equals(bytes)).toBe(true);
  });

  it('never holds more than its memory, however many readers there are', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 30 * blockBytes);
    await using server = await farm.serve(source, info, {
      ...{ blockBytes, memoryBytes: 3 * blockBytes, slowSeconds: 1 },
    });
    farm.proxy.inject({ kind: 'hang' });
    const before = farm.proxy.requests.length;
    const readers = Array.from({ length: 10 }, (_, index) =>
      read(server.url, `bytes=${index * 3 * blockBytes}-`),
    );
    await sleep(500);
    expect(farm.proxy.requests.length - before).toBeLessThanOrEqual(3);
    farm.proxy.heal();
    const got = await Promise.all(readers);
    for (const [index, part] of got.entries())
      expect(part.equals(bytes.subarray(index * 3 * blockBytes))).toBe(true);
  });

  it('goes on after cuts, resets, early ends, errors and silence, at the byte where it stopped', async () => {
    const { bytes, source, info } = await farm.film('film.mp4', 8 * blockBytes);
    await using server = await farm.serve(source, info, {
      ...small,
      slowSeconds: 0.5,
      slowBytesPerSecond: 100_000,
    });
    const { proxy } = farm;
    proxy.inject({ kind: 'truncate', afterBytes: 40_000 }, { share: 0.5 });
    expect((await read(server.url)).equals(bytes)).toBe(true);
    expect(server.fetchedBytes).toBe(bytes.length);

    const faults = [
      { kind: 'reset', afterBytes: 10_000 },
      { kind: 'status', status: 503 },
      { kind: 'trickle', bytesPerSecond: 1000 },
      { kind: 'hang' },
    ] as const;
    for (const fault of faults) {
      await using again = await farm.serve(source, info, {
        ...small,
        slowSeconds: 0.5,
        slowBytesPerSecond: 100_000,
      });
      proxy.inject(fault, { share: 0.2 });
      expect((await read(again.url)).equals(bytes), fault.kind).toBe(true);
      expect(again.fetchedBytes).toBe(bytes.length);
      proxy.heal();
    }
    await using last = await farm.serve(source, info, small);
    const healed = proxy.injectFor(1, { kind: 'cut' });
    expect((await read(last.url)).equals(bytes)).toBe(true);
    await healed;
  });

  it('says how long a reader has been waiting on storage', async () => {
    const { source, info } = await farm.film('film.mp4', 4 * blockBytes);
    await using server = await farm.serve(source, info, small);
    expect(server.stalledSeconds()).toBe(0);
    farm.proxy.inject({ kind: 'hang' });
    const reading = read(server.url);
    await sleep(700);
    expect(server.stalledSeconds()).toBeGreaterThan(0.4);
    farm.proxy.heal();
    await reading;
    expect(server.stalledSeconds()).toBe(0);
  });

  it('cuts the reader off, and says why, when the film is replaced while it is read', async () => {
    const { source, info } = await farm.film('film.mp4', 30 * blockBytes);
    await using server = await farm.serve(source, info, small);
    await peek(server.url, 0, 10);
    await farm.film('film.mp4', 30 * blockBytes);
    await expect(read(server.url)).rejects.toThrow(/terminated|fetch failed/);
    expect(server.failure).toBeInstanceOf(RefusedError);
    expect(server.failure).toMatchObject({
      code: 'source-replaced',
      message: 'The source "s3://films/film.mp4" was replaced by another upload while it was read.',
    });
    expect((await fetch(server.url)).status).toBe(502);
  });

  it('distinguishes a film that was removed from one that was replaced', async () => {
    const { source, info } = await farm.film('film.mp4', 30 * blockBytes);
    await using server = await farm.serve(source, info, small);
    await farm.direct.remove(['film.mp4']);
    await expect(read(server.url)).rejects.toThrow();
    expect(server.failure).toMatchObject({ code: 'source-missing' });
  });

  it('gives up when storage stays silent for too long, with the last error as cause', async () => {
    const { source, info } = await farm.film('film.mp4', 30 * blockBytes);
    await using server = await farm.serve(source, info, { ...small, patienceSeconds: 1 });
    farm.proxy.inject({ kind: 'truncate', afterBytes: 0 });
    await expect(read(server.url)).rejects.toThrow();
    expect(server.failure).toMatchObject({
      message: `The source "s3://films/film.mp4" could not be read on from byte 0 of ${info.sizeBytes}: no byte in 1 s.`,
      cause: expect.any(Error),
    });
  });

  it('ends while readers wait on a storage that hangs', async () => {
    const { source, info } = await farm.film('film.mp4', 30 * blockBytes);
    const server = await farm.serve(source, info, small);
    farm.proxy.inject({ kind: 'hang' });
    const reading = expect(read(server.url)).rejects.toThrow();
    await sleep(200);
    const startedAt = performance.now();
    await server.close();
    await reading;
    await server.close();
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(server.failure).toBeUndefined();
  });
});
