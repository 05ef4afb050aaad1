import { type FetchTiming, fetchRange } from '../../source/fetch-range.ts';
import type { SourceObject } from '../../source/source.ts';
import type { ListedObject, Store } from '../../storage/store.ts';
import type { ObjectList } from './object-list.ts';

export interface ReadOptions {
  /** The first object. @default 0 */
  from?: number;
  timing: FetchTiming;
  signal: AbortSignal;
}

/** One connection has less than a worker (S3 takes 85 to 90 MB/s of one); each of these is in memory. */
const maxAheadBytes = 16 * 2 ** 20;

/** Segments of audio are small. */
const maxAtOnce = 6;

/**
 * Objects in their order, each whole; the next ones that are known are on their way meanwhile.
 * @returns each in memory that is used until the next one is asked for
 * @throws Error when one is gone or another, or no byte came for `patienceSeconds`; the signal's reason
 */
export async function* readInOrder(
  store: Pick<Store, 'readRange'>,
  objects: ObjectList,
  { from = 0, timing, signal }: ReadOptions,
): AsyncGenerator<Buffer> {
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  let next = from;
  const coming: { sizeBytes: number; bytes: Promise<Buffer> }[] = [];
  const memory = new SpareMemory();
  const startNext = () => {
    const aheadBytes = coming.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const object = objects.at(next);
    if (object === undefined || coming.length >= maxAtOnce) return false;
    if (coming.length > 0 && aheadBytes + object.sizeBytes > maxAheadBytes) return false;
    next += 1;
    const bytes = readWhole(store, object, memory.take(object.sizeBytes), { timing, signal: either });
    // Its reader learns of it when it comes to it.
    bytes.catch(() => {});
    coming.push({ sizeBytes: object.sizeBytes, bytes });
    return true;
  };
  try {
    for (;;) {
      while (startNext());
      const first = coming[0];
      if (first === undefined) {
        if ((await objects.wait(next, either)) === undefined) return;
        continue;
      }
      const bytes = await first.bytes;
      yield bytes;
      coming.shift();
      memory.give(bytes);
    }
  } finally {
    left.abort(new Error('No one reads on.'));
  }
}

async function readWhole(
  store: Pick<Store, 'readRange'>,
  { key, sizeBytes, etag }: ListedObject,
  bytes: Buffer,
  { timing, signal }: Pick<ReadOptions, 'timing' | 'signal'>,
): Promise<Buffer> {
  let filled = 0;
  const source: SourceObject = {
    name: key,
    describe: async () => ({ sizeBytes, etag }),
    readRange: (range, _info, until) => store.readRange(key, range, etag, until),
  };
  const append = (chunk: Buffer) => {
    filled += chunk.copy(bytes, filled);
  };
  const range = { start: 0, end: sizeBytes - 1 };
  await fetchRange(source, { sizeBytes, etag }, range, append, signal, timing);
  return bytes;
}

/** Segments of a rendition are of about one size. */
const roundedTo = 2 ** 20;

/**
 * Memory that is used again: V8 collects all garbage for every few megabytes that are allocated outside of its heap, which takes as long
 * as reading what they hold.
 */
class SpareMemory {
  readonly #spare: ArrayBufferLike[] = [];

  take(sizeBytes: number): Buffer {
    const index = this.#spare.findIndex(({ byteLength }) => byteLength >= sizeBytes);
    const [memory] = index < 0 ? [] : this.#spare.splice(index, 1);
    if (memory) return Buffer.from(memory, 0, sizeBytes);
    // What was too small is of no more use.
    this.#spare.shift();
    return Buffer.from(new ArrayBuffer(Math.ceil(sizeBytes / roundedTo) * roundedTo), 0, sizeBytes);
  }

  give({ buffer }: Buffer): void {
    this.#spare.push(buffer);
  }
}
