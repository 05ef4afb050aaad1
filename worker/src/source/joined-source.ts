import { Readable } from 'node:stream';
import type { ListedObject, ObjectInfo, Store } from '../storage/store.ts';
import type { ByteRange, SourceObject } from './source.ts';

/** A published rendition as one file: its init segment and segments, one behind the other, are a whole MP4 or MPEG-TS. */
export class JoinedSource implements SourceObject {
  readonly name: string;
  readonly #store: Pick<Store, 'readRange'>;
  readonly #pieces: { object: ListedObject; start: number }[];
  readonly #info: ObjectInfo;

  /** @param objects in their order in the file */
  constructor(store: Pick<Store, 'readRange'>, name: string, objects: readonly ListedObject[]) {
    this.name = name;
    this.#store = store;
    let start = 0;
    this.#pieces = objects.map((object) => {
      const piece = { object, start };
      start += object.sizeBytes;
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
    for (const { object, start: at } of this.#pieces) {
      const first = Math.max(start, at);
      const last = Math.min(end, at + object.sizeBytes - 1);
      if (first > last) continue;
      const range = { start: first - at, end: last - at };
      yield* await this.#store.readRange(object.key, range, object.etag, signal);
    }
  }
}
