import { request } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { leadOver } from '../../../worker/src/source/read-pacer.ts';
import {
  followUrl,
  type SourceServer,
  type SourceServerOptions,
  serveSource,
} from '../../../worker/src/source/server.ts';
import type { SourceObject } from '../../../worker/src/source/source.ts';
import { until } from '../../helpers/until.ts';

/** Large beside what the system's buffers hold between two processes of one machine. */
const blockBytes = 2 * 2 ** 20;
const blocks = 40;
const small = { blockBytes, memoryBytes: 8 * blockBytes, followSeconds: 60, leftSeconds: 60 };

const bytes = Buffer.alloc(blocks * blockBytes);
const info = { sizeBytes: bytes.length, etag: '"film"' };
const source: SourceObject = {
  name: 'film',
  describe: async () => info,
  readRange: async ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)]),
};

let server: SourceServer;

async function open(options: SourceServerOptions = {}): Promise<void> {
  server = await serveSource(source, info, { ...small, ...options });
}

afterEach(() => server?.close());

interface Reader {
  /** Bytes that it has taken so far. */
  taken(): number;
  pause(): void;
  resume(): void;
  leave(): void;
  ended: Promise<void>;
}

interface ReaderOptions {
  /** First byte that it asks for. @default 0 */
  start?: number;
  /** At most. @default as many as come */
  bytesPerSecond?: number;
  /** Called at each piece that it has taken. */
  onTaken?: () => void;
  /** Whether it waits before it takes more. @default never */
  waits?: () => boolean;
}

function startReader(
  url: string,
  { start = 0, bytesPerSecond = Number.POSITIVE_INFINITY, onTaken, waits = () => false }: ReaderOptions = {},
): Reader {
  let taken = 0;
  let paused = false;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const asked = request(url, { headers: { range: `bytes=${start}-` } }, async (response) => {
    const startedAt = performance.now();
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        taken += chunk.length;
        onTaken?.();
        const isEarly = () => taken > ((performance.now() - startedAt) / 1000) * bytesPerSecond;
        while (paused || waits() || isEarly()) await sleep(10);
      }
    } catch {
      // It was cut off, by `leave` or at the test's end.
    }
    resolve();
  });
  asked.on('error', () => resolve());
  asked.end();
  return {
    taken: () => taken,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
    },
    leave: () => asked.destroy(),
    ended,
  };
}

describe('a reader that follows', () => {
  it('stays near a slow one, so that the film is fetched once', async () => {
    await open();
    let fast: Reader | undefined;
    let lead = 0;
    // On a busy machine the follower may be late: the slow one is no faster than it, so that all it reads is still in memory.
    const isAhead = () => slow.taken() > (fast?.taken() ?? 0) + 2 * blockBytes;
    const slow: Reader = startReader(server.url, { bytesPerSecond: 40e6, waits: isAhead });
    await until(() => slow.taken() > 0, 'the slow reader to begin');
    const measure = () => {
      lead = Math.max(lead, (fast?.taken() ?? 0) - slow.taken());
    };
    fast = startReader(followUrl(server.url), { onTaken: measure });
    await Promise.all([slow.ended, fast.ended]);
    expect(fast.taken()).toBe(bytes.length);
    expect(lead).toBeLessThan(small.memoryBytes);
    expect(server.fetchedBytes).toBe(bytes.length);
  });

  it('never holds the other back, and runs to catch up when it is behind', async () => {
    await open();
    const follower = startReader(followUrl(server.url), { bytesPerSecond: 20e6 });
    const leader = startReader(server.url);
    await leader.ended;
    expect(leader.taken()).toBe(bytes.length);
    expect(follower.taken()).toBeLessThan(bytes.length);
    follower.leave();
  });

  it('excuses itself while it waits', async () => {
    await open();
    const slow = startReader(server.url);
    slow.pause();
    const fast = startReader(followUrl(server.url));
    await until(() => server.stalledSeconds() > 0.1, 'the follower to wait');
    slow.leave();
    fast.leave();
    await until(() => server.stalledSeconds() === 0, 'no reader to wait');
    expect(server.failure).toBeUndefined();
  });

  it('goes on alone when the other stands still for too long', async () => {
    await open({ followSeconds: 0.6 });
    const slow = startReader(server.url);
    slow.pause();
    const fast = startReader(followUrl(server.url));
    await sleep(400);
    expect(fast.taken()).toBeLessThan(bytes.length);
    await fast.ended;
    expect(fast.taken()).toBe(bytes.length);
    slow.resume();
    await slow.ended;
    expect(slow.taken()).toBe(bytes.length);
  });

  it('waits a moment for the next part when the other leaves, and then goes on alone', async () => {
    await open({ leftSeconds: 1 });
    const first = startReader(server.url);
    first.pause();
    const fast = startReader(followUrl(server.url));
    await sleep(300);
    first.leave();
    await sleep(400);
    const waited = fast.taken();
    expect(waited).toBeLessThan(bytes.length);
    await fast.ended;
    expect(fast.taken()).toBe(bytes.length);
  });

  it('goes on at once when it learns that no other reader comes', async () => {
    await open();
    const last = startReader(server.url);
    last.pause();
    const fast = startReader(followUrl(server.url));
    await sleep(300);
    last.leave();
    expect(fast.taken()).toBeLessThan(bytes.length);
    server.endOfVideo();
    await fast.ended;
    expect(fast.taken()).toBe(bytes.length);
  });

  it('follows the reader of the next part, which begins a little ahead of where the last one began', async () => {
    await open();
    const first = startReader(server.url);
    first.pause();
    const fast = startReader(followUrl(server.url));
    await sleep(300);
    const held = fast.taken();
    first.leave();
    const next = startReader(server.url, { start: 3 * blockBytes });
    next.pause();
    await sleep(300);
    expect(fast.taken()).toBeGreaterThan(held);
    expect(fast.taken()).toBeLessThan(bytes.length);
    next.leave();
    fast.leave();
  });

  it('is held once where the tracks lie far apart, and not at each block', async () => {
    await open({ followSeconds: 2 });
    const slow = startReader(server.url);
    slow.pause();
    const startedAt = performance.now();
    for (const start of [20, 24, 28, 32, 36]) {
      const fast = startReader(followUrl(server.url), { start: start * blockBytes });
      await until(() => fast.taken() > 0, 'its first byte');
      fast.leave();
    }
    expect(performance.now() - startedAt).toBeLessThan(4 * 2000);
    slow.leave();
  });

  it('is free where nobody leads', async () => {
    await open();
    const alone = startReader(followUrl(server.url));
    await alone.ended;
    expect(alone.taken()).toBe(bytes.length);
    expect(server.fetchedBytes).toBe(bytes.length);
  });
});

it('measures its lead over the nearest leader behind it', () => {
  expect(leadOver(10, [])).toBeUndefined();
  expect(leadOver(10, [11, 40])).toBeUndefined();
  expect(leadOver(10, [10, 2])).toBe(0);
  expect(leadOver(10, [2, 7, 11])).toBe(3);
});
