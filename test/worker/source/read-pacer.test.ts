import { request } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
const leadBlocks = 2;
const small = {
  blockBytes,
  memoryBytes: 8 * blockBytes,
  leadBlocks,
  followSeconds: 60,
  leftSeconds: 60,
};

const bytes = Buffer.alloc(blocks * blockBytes);
const info = { sizeBytes: bytes.length, etag: '"film"' };
const source: SourceObject = {
  name: 'film',
  describe: async () => info,
  readRange: async ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)]),
};

let server: SourceServer;

async function open(options: SourceServerOptions = {}, sizeBytes = info.sizeBytes): Promise<void> {
  server = await serveSource(source, { ...info, sizeBytes }, { ...small, ...options });
}

// The server's time passes only by `pass`, however slow the machine is.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await server?.close();
});

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);

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
  /** Last byte that it asks for. @default the source's last */
  end?: number;
  /** Called at each piece that it has taken. */
  onTaken?: () => void;
}

function startReader(url: string, { start = 0, end, onTaken }: ReaderOptions = {}): Reader {
  let taken = 0;
  let paused = false;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const asked = request(url, { headers: { range: `bytes=${start}-${end ?? ''}` } }, async (response) => {
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        taken += chunk.length;
        onTaken?.();
        while (paused) await sleep(10);
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

/** Reads one block and stays there: what the system holds for it can't carry it further. */
async function readBlock(index: number): Promise<void> {
  const start = index * blockBytes;
  await startReader(server.url, { start, end: start + blockBytes - 1 }).ended;
}

const hasTaken = (reader: Reader, blocks: number) =>
  until(() => reader.taken() === blocks * blockBytes, `${blocks} blocks to be taken`);

/** It reads on to the source's end, when so much time has passed as that takes. */
const endsInTime = (reader: Reader) =>
  until(() => {
    pass(1);
    return reader.taken() === bytes.length;
  }, 'the end of the film');

describe('a reader that follows', () => {
  it('stays near a slow one, so that the film is fetched once', async () => {
    const count = 12;
    await open({}, count * blockBytes);
    let place = 0;
    let lead = 0;
    await readBlock(place);
    const fast: Reader = startReader(followUrl(server.url), {
      onTaken: () => {
        lead = Math.max(lead, fast.taken() - place * blockBytes);
      },
    });
    for (;;) {
      await hasTaken(fast, Math.min(place + leadBlocks + 1, count));
      place += 1;
      if (place === count) break;
      await readBlock(place);
    }
    await fast.ended;
    expect(lead).toBe((leadBlocks + 1) * blockBytes);
    expect(server.fetchedBytes).toBe(count * blockBytes);
  });

  it('never holds the other back, and runs to catch up when it is behind', async () => {
    await open();
    const follower = startReader(followUrl(server.url));
    follower.pause();
    const leader = startReader(server.url);
    await leader.ended;
    expect(leader.taken()).toBe(bytes.length);
    expect(follower.taken()).toBeLessThan(bytes.length);
    follower.resume();
    await follower.ended;
    expect(follower.taken()).toBe(bytes.length);
  });

  it('excuses itself while it waits', async () => {
    await open();
    await readBlock(0);
    const fast = startReader(followUrl(server.url));
    await until(() => {
      pass(0.01);
      return server.stalledSeconds() > 0.1;
    }, 'the follower to wait');
    fast.leave();
    await until(() => server.stalledSeconds() === 0, 'no reader to wait');
    expect(server.failure).toBeUndefined();
  });

  it('goes on alone when the other stands still for too long', async () => {
    await open({ followSeconds: 5 });
    const slow = startReader(server.url);
    slow.pause();
    await until(() => slow.taken() > 0, 'the slow reader to begin');
    const fast = startReader(followUrl(server.url));
    pass(1);
    await sleep(300);
    expect(fast.taken()).toBeLessThan(bytes.length);
    await endsInTime(fast);
    slow.resume();
    await slow.ended;
    expect(slow.taken()).toBe(bytes.length);
  });

  it('waits a moment for the next part when the other leaves, and then goes on alone', async () => {
    await open({ leftSeconds: 5, followSeconds: 1e6 });
    const first = startReader(server.url);
    first.pause();
    await until(() => first.taken() > 0, 'the first reader to begin');
    const fast = startReader(followUrl(server.url));
    first.leave();
    pass(1);
    await sleep(300);
    expect(fast.taken()).toBeLessThan(bytes.length);
    await endsInTime(fast);
  });

  it('goes on at once when it learns that no other reader comes', async () => {
    await open();
    await readBlock(0);
    const fast = startReader(followUrl(server.url));
    await hasTaken(fast, leadBlocks + 1);
    server.endOfVideo();
    await fast.ended;
    expect(fast.taken()).toBe(bytes.length);
  });

  it('follows the reader of the next part, which begins a little ahead of where the last one began', async () => {
    await open();
    await readBlock(0);
    const fast = startReader(followUrl(server.url));
    await hasTaken(fast, leadBlocks + 1);
    await readBlock(3);
    await hasTaken(fast, 3 + leadBlocks + 1);
    fast.leave();
  });

  it('is held once where the tracks lie far apart, and not at each block', async () => {
    await open({ followSeconds: 2 });
    await readBlock(0);
    for (const start of [20, 24, 28, 32, 36]) {
      const fast = startReader(followUrl(server.url), { start: start * blockBytes });
      await until(() => {
        if (start === 20) pass(0.1);
        return fast.taken() > 0;
      }, 'its first byte');
      fast.leave();
    }
    expect(performance.now()).toBeGreaterThan(2000);
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
