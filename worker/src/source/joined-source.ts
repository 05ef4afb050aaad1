import { Readable } from 'node:stream';
import type { ListedObject, ObjectInfo, Store } from '../storage/store.ts';
import type { ByteRange, SourceObject } from './source.ts';

/** A published rendition as one file: its init segment and segments, one behind the other, are a whole MP4 or MPEG-TS. */
export class JoinedSource implements SourceObject {
  readonly name: string;
  readonly #store: Pick<Store, 'readRange'>;
  readonly #pieces: { object: ListedObject; start: number; skipped: number; sizeBytes: number }[];
  readonly #info: ObjectInfo;

  /**
   * @param objects in their order in the file
   * @param skipBytes of all but the first: the header that each has of its own
   */
  constructor(
    store: Pick<Store, 'readRange'>,
    name: string,
    objects: readonly ListedObject[],
    skipBytes = 0,
  ) {
    this.name = name;
    this.#store = store;
    let start = 0;
    this.#pieces = objects.map((object, index) => {
      const skipped = index === 0 ? 0 : skipBytes;
      const piece = { object, start, skipped, sizeBytes: object.sizeBytes - skipped };
      start += piece.sizeBytes;
      return piece;
    });
    this.#info = { sizeBytes: start, etag: '"joined"' };
  }

  async describe(): Promise<ObjectInfo> {
    return this.#info;
  }

  async readRange(range: ByteRange, _info: ObjectInfo, signal?: AbortSignal): Promise<Readable> {
    return Readable.from(this.#read(range, signal), { highWaterMark: 1 });
  }

  async *#read({ start, end }: ByteRange, signal?: AbortSignal): AsyncGenerator<Buffer> {
    for (const { object, start: at, skipped, sizeBytes } of this.#pieces) {
      const first = Math.max(start, at);
      const last = Math.min(end, at + sizeBytes - 1);
      if (first > last) continue;
      const range = { start: first - at + skipped, end: last - at + skipped };
      yield* await this.#store.readRange(object.key, range, object.etag, signal);
    }
  }
}
