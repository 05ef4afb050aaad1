import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ObjectInfo } from '../storage/store.ts';
import { type Block, BlockCache } from './blocks.ts';
import { defaultFetchTiming, type FetchTiming, fetchRange } from './fetch-range.ts';
import { parseRange } from './range.ts';
import { defaultFollowTiming, type FollowTiming, ReadPacer } from './read-pacer.ts';
import type { ByteRange, SourceObject } from './source.ts';

export interface SourceServerOptions extends Partial<FetchTiming>, Partial<FollowTiming> {
  /** What is asked of storage at once. @default 2 MiB */
  blockBytes?: number;
  /**
   * For all blocks of all readers together. @default 14 MiB: the start, a reader with one that follows it, and what is
   * fetched ahead of both
   */
  memoryBytes?: number;
  /** Blocks fetched ahead of a reader that reads on, at most. @default 3 */
  readAheadBlocks?: number;
}

/** What ffmpeg reads the source from. */
export interface SourceServer {
  /** On loopback, with a path that can't be guessed. */
  readonly url: string;
  /** Why the source can't be read on. ffmpeg only sees a broken connection, and may take that for the film's end. */
  readonly failure: unknown;
  /** Bytes that came from storage and bytes that readers took. */
  readonly fetchedBytes: number;
  readonly servedBytes: number;
  /**
   * How long a reader has been waiting on storage, or on the reader that it follows, without a byte coming: an ffmpeg
   * that stands still may be innocent.
   */
  stalledSeconds(): number;
  /** Nobody reads at `url` any more: who follows has nobody to wait for. */
  endOfVideo(): void;
  close(): Promise<void>;
}

/** Where the same film is read by someone who is to stay near the readers at `url`: see `ReadPacer`. */
export function followUrl(url: string): string {
  return `${url}${followSuffix}`;
}

const followSuffix = '/follow';

/** Of the memory, for the source's start, which ffmpeg reads anew for each part. */
const headShare = 1 / 6;

/**
 * Serves one version of a source on loopback, so that encoding starts before the film has arrived and ffmpeg needs
 * neither credentials nor the network. Answers HEAD and GET with ranges (RFC 9110 section 14) as ffmpeg asks them: open-ended, often
 * dropped halfway. Blocks are fetched ahead, several at once, and shared between readers. When a byte can't be had, the connection is
 * cut: a body is never short and looks whole.
 */
export async function serveSource(
  source: SourceObject,
  info: ObjectInfo,
  options: SourceServerOptions = {},
): Promise<SourceServer> {
  const { blockBytes = 2 * 2 ** 20, memoryBytes = 14 * 2 ** 20, readAheadBlocks = 3 } = options;
  const timing = { ...defaultFetchTiming, ...options };
  const path = `/${randomBytes(16).toString('hex')}`;
  const following = new ReadPacer({ ...defaultFollowTiming, ...options });
  const state = {
    failure: undefined as unknown,
    fetchedBytes: 0,
    servedBytes: 0,
    waiting: 0,
    stalledSince: 0,
  };

  const maxBlocks = Math.max(2, Math.floor(memoryBytes / blockBytes));
  const cache = new BlockCache({
    sizeBytes: info.sizeBytes,
    blockBytes,
    maxBlocks,
    headBlocks: Math.floor(maxBlocks * headShare),
    fetch: (range, onBytes, signal) => {
      const count = (bytes: Buffer) => {
        state.fetchedBytes += bytes.length;
        state.stalledSince = performance.now();
        onBytes(bytes);
      };
      return fetchRange(source, info, range, count, signal, timing);
    },
  });

  /** All waiting goes through here, and only what fails here is the source's failure: readers may go. */
  async function waitFor<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
    if (state.waiting++ === 0) state.stalledSince = performance.now();
    try {
      return await promise;
    } catch (error) {
      if (!signal.aborted && !closed) state.failure ??= error;
      throw error;
    } finally {
      state.waiting--;
    }
  }

  async function sendBlock(
    block: Block,
    { from, to }: { from: number; to: number },
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    for (let offset = from; offset < to; ) {
      await waitFor(block.reaches(offset), signal);
      const bytes = block.bytes.subarray(offset, Math.min(block.filled, to));
      await write(response, bytes);
      state.servedBytes += bytes.length;
      offset += bytes.length;
    }
  }

  async function send(
    { start, end, follows }: ByteRange & { follows: boolean },
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const ahead = new Set<number>();
    const leader = follows ? undefined : following.lead();
    try {
      const first = Math.floor(start / blockBytes);
      for (let index = first; index * blockBytes <= end; index++) {
        leader?.moveTo(index);
        if (follows) await waitFor(following.follow(index, signal), signal);
        const block = await waitFor(cache.acquire(index, signal), signal);
        try {
          // A seek may be for a few bytes: only a reader that reads on gets more than the next block.
          const far = Math.min(
            index + Math.max(1, index - first),
            index + readAheadBlocks,
            Math.floor(end / blockBytes),
          );
          for (let next = index + 1; next <= far; next++) {
            cache.prefetch(next);
            ahead.add(next);
          }
          ahead.delete(index);
          const origin = index * blockBytes;
          const part = { from: Math.max(0, start - origin), to: Math.min(block.length, end + 1 - origin) };
          await sendBlock(block, part, response, signal);
        } finally {
          cache.release(block);
        }
      }
    } finally {
      leader?.leave();
      for (const index of ahead) cache.cancelPrefetch(index);
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const follows = request.url === followUrl(path);
    if (request.url !== path && !follows) return end(response, 404);
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405);
    if (state.failure !== undefined) return end(response, 502);
    const range = parseRange(request.headers.range, info.sizeBytes);
    response.setHeader('Accept-Ranges', 'bytes');
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${info.sizeBytes}`);
      return end(response, 416);
    }
    const { start, end: last } = range ?? { start: 0, end: info.sizeBytes - 1 };
    if (range) response.setHeader('Content-Range', `bytes ${start}-${last}/${info.sizeBytes}`);
    response.writeHead(range ? 206 : 200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': last - start + 1,
    });
    if (request.method === 'HEAD') return void response.end();
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      await send({ start, end: last, follows }, response, gone.signal);
      response.end();
    } catch {
      response.destroy();
    }
  }

  let closed = false;
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    get failure() {
      return state.failure;
    },
    get fetchedBytes() {
      return state.fetchedBytes;
    },
    get servedBytes() {
      return state.servedBytes;
    },
    stalledSeconds: () => (state.waiting === 0 ? 0 : (performance.now() - state.stalledSince) / 1000),
    endOfVideo: () => following.end(),
    async close() {
      if (closed) return;
      closed = true;
      cache.close(new Error('The source server is closed.'));
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

/** Resolves when the bytes are out of our hands, so that their memory may be used again. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  response.write(bytes, (error) => (error ? reject(error) : resolve()));
  return promise;
}
