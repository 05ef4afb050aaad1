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

  /** Segments of audio are small: asked for one after another, an hour of them waits for storage most of the time. */
  async *#read({ start, end }: ByteRange, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const wanted = this.#pieces.flatMap(({ object, start: at, skipped, sizeBytes }) => {
      const first = Math.max(start, at);
      const last = Math.min(end, at + sizeBytes - 1);
      return first > last
        ? []
        : [{ object, range: { start: first - at + skipped, end: last - at + skipped } }];
    });
    const open = async ({ object, range }: (typeof wanted)[number]) => {
      const body = await this.#store.readRange(object.key, range, object.etag, signal);
      // Its reader learns of it when it comes to it.
      return body.on('error', () => {});
    };
    const opened: Promise<Readable>[] = [];
    let read = 0;
    try {
      for (const index of wanted.keys()) {
        for (const next of wanted.slice(opened.length, index + openAtOnce)) {
          const body = open(next);
          body.catch(() => {});
          opened.push(body);
        }
        yield* (await opened[index]) as Readable;
        read += 1;
      }
    } finally {
      for (const body of opened.slice(read))
        body.then(
          (each) => each.destroy(),
          () => {},
        );
    }
  }
}

const openAtOnce = 6;
