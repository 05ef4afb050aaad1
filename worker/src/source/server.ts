import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectInfo } from '../storage/store.ts';
import { type Block, BlockCache, type FetchBlock } from './blocks.ts';
import { defaultFetchTiming, type FetchTiming, fetchRange } from './fetch-range.ts';
import { findHeaders } from './find-headers.ts';
import type { FragmentHeaders } from './fragment-headers.ts';
import { type PacketIdReader, PacketIds } from './packet-ids.ts';
import { parseRange } from './range.ts';
import { defaultFollowTiming, type FollowTiming, ReadPacer } from './read-pacer.ts';
import type { ByteRange, SourceObject } from './source.ts';
import { writeBytes } from './write-bytes.ts';

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

/** The same film for a reader that stays near the readers at `url`: see `ReadPacer`. */
export function followUrl(url: string): string {
  return `${url}${followSuffix}`;
}

/**
 * The same film for a probe, which mostly looks at some places of it and goes: no one stays near it, little is fetched ahead of it until it has
 * read on, and what it sought is not kept.
 */
export function lookUrl(url: string): string {
  return `${url}${lookSuffix}`;
}

type Role = 'leads' | 'follows' | 'looks';

const followSuffix = '/follow';
const lookSuffix = '/look';

/** Of the memory, for the source's start, which ffmpeg reads again for each part. */
const headShare = 1 / 6;

/** A film of fewer blocks is fetched whole nearly as soon as its headers. */
const headersFromBlocks = 16;

/** In this time a reader that wants no more has gone. One that reads on loses it, once. */
const lookMs = 50;

/** More of a film than a look at its packets takes: who has read so many reads it through, as where its length is in no header. */
const blocksOfLook = 8;

/** Starts a server for one version of a source. */
export async function serveSource(
  source: SourceObject,
  info: ObjectInfo,
  options: SourceServerOptions = {},
): Promise<SourceServer> {
  const server = new SourceServer(source, info, options);
  await server.listen();
  return server;
}

/**
 * Serves one version of a source on loopback, so that encoding starts before the film has arrived and ffmpeg needs
 * neither credentials nor the network. Answers HEAD and GET with ranges (RFC 9110 section 14) as ffmpeg asks them: open-ended, often
 * dropped halfway. A transport stream keeps its packet ids, see `PacketIds`. Blocks are fetched ahead, several at once, and shared between readers. When a byte can't be had, the connection is
 * cut: a body is never short and looks whole.
 */
export class SourceServer implements AsyncDisposable {
  readonly #sizeBytes: number;
  readonly #blockBytes: number;
  readonly #readAheadBlocks: number;
  readonly #cache: BlockCache;
  readonly #pacer: ReadPacer;
  /** Can't be guessed. */
  readonly #path = `/${randomBytes(16).toString('hex')}`;
  readonly #roles: ReadonlyMap<string, Role> = new Map([
    [this.#path, 'leads'],
    [followUrl(this.#path), 'follows'],
    [lookUrl(this.#path), 'looks'],
  ]);
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #failure: unknown;
  #fetchedBytes = 0;
  #servedBytes = 0;
  /** Readers that wait for bytes. */
  #waiting = 0;
  #stalledSinceMs = 0;
  #closed = false;
  readonly #fetchRange: FetchBlock;
  readonly #over = new AbortController();
  #headers: Promise<FragmentHeaders | undefined> | undefined;
  readonly #maxHeaderBytes: number;
  readonly #packetIds = new PacketIds();

  constructor(source: SourceObject, info: ObjectInfo, options: SourceServerOptions = {}) {
    const { blockBytes = 2 * 2 ** 20, memoryBytes = 14 * 2 ** 20, readAheadBlocks = 3 } = options;
    const timing = { ...defaultFetchTiming, ...options };
    const maxBlocks = Math.max(2, Math.floor(memoryBytes / blockBytes));
    this.#sizeBytes = info.sizeBytes;
    this.#blockBytes = blockBytes;
    this.#readAheadBlocks = readAheadBlocks;
    this.#pacer = new ReadPacer({ ...defaultFollowTiming, ...options });
    this.#maxHeaderBytes = memoryBytes / 2;
    this.#fetchRange = (range, onBytes, signal) => {
      const count = (bytes: Buffer) => {
        this.#fetchedBytes += bytes.length;
        this.#stalledSinceMs = performance.now();
        onBytes(bytes);
      };
      return fetchRange(source, info, range, count, signal, timing);
    };
    this.#cache = new BlockCache({
      sizeBytes: info.sizeBytes,
      blockBytes,
      maxBlocks,
      headBlocks: Math.floor(maxBlocks * headShare),
      fetch: this.#fetchRange,
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Fetches the source's start, which each reader asks for first: a reader takes a tenth of a second to start. */
  fetchStart(): void {
    this.#cache.prefetch(0);
  }

  /** On loopback. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#path}`;
  }

  /** Why the source can't be read on. ffmpeg only sees a broken connection, and may take that for the film's end. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Bytes that came from storage. */
  get fetchedBytes(): number {
    return this.#fetchedBytes;
  }

  /** Bytes that readers took. */
  get servedBytes(): number {
    return this.#servedBytes;
  }

  /**
   * How long a reader has been waiting on storage, or on the reader that it follows, without a byte coming: a stalled
   * ffmpeg may be waiting for its source.
   */
  stalledSeconds(): number {
    return this.#waiting === 0 ? 0 : (performance.now() - this.#stalledSinceMs) / 1000;
  }

  /** Nothing reads at `url` any more, so followers wait no longer. */
  endOfVideo(): void {
    this.#pacer.end();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#over.abort();
    this.#cache.close(new Error('The source server is closed.'));
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const role = this.#roles.get(request.url ?? '');
    if (role === undefined) return end(response, 404);
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405);
    if (this.#failure !== undefined) return end(response, 502);
    const size = this.#sizeBytes;
    const range = parseRange(request.headers.range, size);
    response.setHeader('Accept-Ranges', 'bytes');
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${size}`);
      return end(response, 416);
    }
    const { start, end: last } = range ?? { start: 0, end: size - 1 };
    if (range) response.setHeader('Content-Range', `bytes ${start}-${last}/${size}`);
    response.writeHead(range ? 206 : 200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': last - start + 1,
    });
    if (request.method === 'HEAD') return void response.end();
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const sent = await this.#sendHeader(start, last, response, gone.signal);
      if (start + sent <= last)
        await this.#send({ start: start + sent, end: last, role }, response, gone.signal);
      response.end();
    } catch {
      response.destroy();
    }
  }

  /**
   * A reader that looks for the fragments of an MP4 wants no more than this, and goes.
   * @returns how many bytes were sent
   */
  async #sendHeader(
    start: number,
    end: number,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<number> {
    if (start < this.#blockBytes || this.#sizeBytes < headersFromBlocks * this.#blockBytes) return 0;
    this.#headers ??= findHeaders(this.#cache, this.#fetchRange, {
      sizeBytes: this.#sizeBytes,
      maxBytes: this.#maxHeaderBytes,
      minFragmentBytes: this.#blockBytes / 8,
      signal: this.#over.signal,
    }).catch(() => undefined);
    const headers = await this.#waitFor(this.#headers, signal);
    const bytes = headers?.from(start)?.subarray(0, end + 1 - start);
    if (bytes === undefined) return 0;
    await writeBytes(response, bytes);
    this.#servedBytes += bytes.length;
    await sleep(lookMs, undefined, { signal });
    return bytes.length;
  }

  async #send(
    { start, end, role }: ByteRange & { role: Role },
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const blockBytes = this.#blockBytes;
    const ahead = new Set<number>();
    const leader = role === 'leads' ? this.#pacer.lead() : undefined;
    const seeks = role === 'looks' && start >= blockBytes;
    const ids = this.#packetIds.reader(start);
    try {
      const first = Math.floor(start / blockBytes);
      for (let index = first; index * blockBytes <= end; index++) {
        leader?.moveTo(index);
        if (role === 'follows') await this.#waitFor(this.#pacer.follow(index, signal), signal);
        // A socket takes some megabytes at once, whatever its reader wants of them.
        if (seeks && index === first + 1 && !this.#cache.has(index))
          await sleep(lookMs, undefined, { signal });
        const block = await this.#waitFor(this.#cache.acquire(index, signal), signal);
        try {
          const wanted = Math.min(blocksAhead(role, index - first), this.#readAheadBlocks);
          const far = Math.min(index + wanted, Math.floor(end / blockBytes));
          for (let next = index + 1; next <= far; next++) {
            this.#cache.prefetch(next);
            ahead.add(next);
          }
          ahead.delete(index);
          const origin = index * blockBytes;
          const part = { from: Math.max(0, start - origin), to: Math.min(block.length, end + 1 - origin) };
          await this.#sendBlock(block, part, { response, ids }, signal);
        } finally {
          this.#cache.release(block, { isOver: seeks });
        }
      }
      for (const bytes of this.#renamed(() => ids?.end() ?? [])) await this.#write(bytes, response);
    } finally {
      leader?.leave();
      for (const index of ahead) this.#cache.cancelPrefetch(index);
    }
  }

  async #sendBlock(
    block: Block,
    { from, to }: { from: number; to: number },
    { response, ids }: { response: ServerResponse; ids: PacketIdReader | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    for (let offset = from; offset < to; ) {
      await this.#waitFor(block.reaches(offset), signal);
      const bytes = block.bytes.subarray(offset, Math.min(block.filled, to));
      for (const renamed of this.#renamed(() => ids?.push(bytes) ?? [bytes]))
        await this.#write(renamed, response);
      offset += bytes.length;
    }
  }

  /** What can't be renamed is no film that can be made: that is the source's failure. */
  #renamed(rename: () => Buffer[]): Buffer[] {
    try {
      return rename();
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  async #write(bytes: Buffer, response: ServerResponse): Promise<void> {
    if (bytes.length === 0) return;
    await writeBytes(response, bytes);
    this.#servedBytes += bytes.length;
  }

  /** All waiting goes through here, and only what fails here is the source's failure: readers may go. */
  async #waitFor<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#waiting++ === 0) this.#stalledSinceMs = performance.now();
    try {
      return await promise;
    } catch (error) {
      if (!signal.aborted && !this.#closed) this.#failure ??= error;
      throw error;
    } finally {
      this.#waiting--;
    }
  }
}

/**
 * Blocks that are fetched ahead of a reader, at most. A seek may be for a few bytes: only one that reads on gets more than the next block.
 * @param readOn how many it has read since it came
 */
function blocksAhead(role: Role, readOn: number): number {
  if (role !== 'looks') return Math.max(1, readOn);
  return readOn < blocksOfLook ? Math.min(1, readOn) : readOn;
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}
