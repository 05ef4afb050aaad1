import { findBox, readBoxes } from '../mp4/boxes.ts';
import type { ByteRange } from './source.ts';

/** What stands between the media of a fragmented MP4: the boxes before an `mdat`, and its own header. */
interface Header {
  start: number;
  bytes: Buffer;
}

export interface WalkOptions {
  sizeBytes: number;
  /** Walkers at once. */
  walkers?: number;
  /** Of all headers together. */
  maxBytes: number;
  /** Fragments that are smaller on average are not worth it: a reader goes over them as soon as it would ask again. */
  minFragmentBytes: number;
  maxSeconds?: number;
}

type Read = (range: ByteRange) => Promise<Buffer>;

/** A header is seldom larger, and a longer one is read again. */
const usualBytes = 4096;

/** A header of hours of samples; what is larger is damaged. */
const largestBytes = 2 ** 20;

/** After so many headers a walker knows how large the fragments are. */
const walkedFirst = 16;

/** How far a walker looks for its first fragment. */
const searchedBytes = 16 * 2 ** 20;

/**
 * The headers of a fragmented MP4, for a reader that looks for all of them: ffmpeg does, each time that it opens a file without an index
 * (mov.c, `mov_read_default`). It would fetch most of the film each time, as it says only afterwards that it wants no more.
 *
 * Several walkers begin at places over the whole file, where they look for a fragment, and go from header to header until they come to
 * where another one has begun. A place that only looks like a fragment leads nowhere, and the walker before it goes on over it. What
 * is not found is read like everything else.
 */
export class FragmentHeaders {
  readonly #headers = new Map<number, Buffer>();
  #starts: number[] = [];
  #bytes = 0;
  readonly #options: Required<WalkOptions>;
  #until: number;
  readonly #read: Read;

  private constructor(options: WalkOptions, read: Read) {
    this.#options = { walkers: 8, maxSeconds: 30, ...options };
    this.#until = performance.now() + this.#options.maxSeconds * 1000;
    this.#read = read;
  }

  /** @param head the file's first bytes. @returns undefined where ffmpeg does not look for fragments */
  static async find(head: Buffer, options: WalkOptions, read: Read): Promise<FragmentHeaders | undefined> {
    const first = firstFragment(head, options.sizeBytes);
    if (first === undefined) return undefined;
    const found = new FragmentHeaders(options, read);
    await found.#walkAll(first);
    found.#starts = [...found.#headers.keys()].sort((a, b) => a - b);
    return found;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** What is known from a byte on. */
  from(byte: number): Buffer | undefined {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= byte) low = middle + 1;
      else high = middle;
    }
    const start = this.#starts[low - 1];
    const header = start === undefined ? undefined : this.#headers.get(start)?.subarray(byte - start);
    return header?.length ? header : undefined;
  }

  async #walkAll(first: number): Promise<void> {
    const { sizeBytes, walkers } = this.#options;
    const step = (sizeBytes - first) / walkers;
    await Promise.all(
      Array.from({ length: walkers }, async (_, n) => {
        const from = n === 0 ? first : await this.#search(Math.floor(first + n * step));
        if (from !== undefined) await this.#walk(from);
      }),
    );
  }

  async #walk(from: number): Promise<void> {
    const { sizeBytes, maxBytes, minFragmentBytes } = this.#options;
    let walked = 0;
    for (let start = from; start + 8 <= sizeBytes && !this.#headers.has(start); ) {
      if (this.#bytes > maxBytes || performance.now() > this.#until) return;
      const header = await this.#readHeader(start);
      if (header === undefined) return;
      this.#headers.set(start, header.bytes);
      this.#bytes += header.bytes.length;
      start = header.next;
      walked += 1;
      if (walked === walkedFirst && (start - from) / walked < minFragmentBytes) this.#until = 0;
    }
  }

  async #readHeader(start: number): Promise<(Header & { next: number }) | undefined> {
    for (let length = usualBytes; length <= largestBytes; length *= 4) {
      const end = Math.min(start + length, this.#options.sizeBytes);
      const bytes = await this.#read({ start, end: end - 1 });
      const found = headerIn(bytes);
      // A copy, as it is kept for long and what was read is larger.
      if (found)
        return { start, bytes: Buffer.from(bytes.subarray(0, found.length)), next: start + found.next };
      if (end === this.#options.sizeBytes) return undefined;
    }
    return undefined;
  }

  async #search(from: number): Promise<number | undefined> {
    const overlap = 16;
    for (let start = from; start < Math.min(from + searchedBytes, this.#options.sizeBytes); ) {
      const end = Math.min(start + largestBytes, this.#options.sizeBytes);
      const bytes = await this.#read({ start, end: end - 1 });
      const at = fragmentIn(bytes);
      if (at !== undefined) return start + at;
      start = end === this.#options.sizeBytes ? end : end - overlap;
    }
    return undefined;
  }
}

/** Where the first fragment begins; undefined where the file has none, or an index that leads to its end. */
function firstFragment(head: Buffer, sizeBytes: number): number | undefined {
  try {
    for (let start = 0; start + 16 <= head.length; ) {
      const { type, size } = boxAt(head, start);
      if (type === 'moov') {
        const moov = readBoxes(head, start, start + size);
        findBox(head, ['moov', 'mvex'], moov);
        const next = start + size;
        return indexEnd(head, next) < sizeBytes * coveredShare ? next : undefined;
      }
      if (type === 'mdat' || size < 8) return undefined;
      start += size;
    }
  } catch {
    // Not an MP4, or one whose header is too long to be that of a fragmented one.
  }
  return undefined;
}

/** Behind what an index leads to there may be other boxes. */
const coveredShare = 0.95;

/** Where that ends to which the index at a place leads (ISO/IEC 14496-12, 8.16.3). */
function indexEnd(head: Buffer, start: number): number {
  if (start + 16 > head.length) return 0;
  const { type, size } = boxAt(head, start);
  if (type === 'styp' || type === 'free') return indexEnd(head, start + size);
  if (type !== 'sidx' || start + size > head.length) return 0;
  const isLong = head[start + 8] === 1;
  const offset = isLong ? Number(head.readBigUInt64BE(start + 28)) : head.readUInt32BE(start + 24);
  const count = head.readUInt16BE(start + (isLong ? 38 : 30));
  let end = start + size + offset;
  for (let n = 0; n < count; n += 1)
    end += head.readUInt32BE(start + (isLong ? 40 : 32) + 12 * n) & 0x7fff_ffff;
  return end;
}

/** How long the header at the start of these bytes is, and where the next one begins; undefined where it is cut off or no header. */
function headerIn(bytes: Buffer): { length: number; next: number } | undefined {
  for (let at = 0; at + 16 <= bytes.length; ) {
    const { type, size, body } = boxAt(bytes, at);
    if (size < 8 || !/^[\w ]{4}$/.test(type)) return undefined;
    if (type === 'mdat') return { length: at + body, next: at + size };
    at += size;
  }
  return undefined;
}

/** Of all boxes only a fragment begins with this one (ISO/IEC 14496-12, 8.8.5), whose size is always 16. */
const fragmentHeader = Buffer.from([0, 0, 0, 16, ...Buffer.from('mfhd')]);

function fragmentIn(bytes: Buffer): number | undefined {
  for (let at = bytes.indexOf(fragmentHeader); at >= 0; at = bytes.indexOf(fragmentHeader, at + 1))
    if (at >= 8 && bytes.toString('latin1', at - 4, at) === 'moof') return at - 8;
  return undefined;
}

function boxAt(data: Buffer, start: number): { type: string; size: number; body: number } {
  const size = data.readUInt32BE(start);
  const type = data.toString('latin1', start + 4, start + 8);
  return size === 1
    ? { type, size: Number(data.readBigUInt64BE(start + 8)), body: 16 }
    : { type, size, body: 8 };
}
