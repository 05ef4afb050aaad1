import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type Part, readFully } from './parts.ts';

/** A file that a program is still writing. */
export interface GrowingFile {
  path: string;
  /** Resolves when the program has ended; rejects where its file is of no use. */
  made: Promise<unknown>;
  /** What lies before this byte is written at the end of the program: it goes up last. */
  finalFromByte: number;
}

/** How often the file is looked at. */
const lookMs = 20;

/**
 * The parts of a file that grows: each as soon as it is written, but for its beginning. A program may write again what it
 * had written before: each part that went up before the end is read once more after it, and goes up again where it differs.
 */
export class GrowingParts implements AsyncDisposable {
  readonly #growing: GrowingFile;
  readonly #file: FileHandle;
  readonly #partBytes: number;
  /** CRC-32 of each part that was read before the program's end, by its index. */
  readonly #early = new Map<number, number>();
  #end: { error?: unknown } | undefined;

  private constructor(growing: GrowingFile, file: FileHandle, partBytes: number) {
    this.#growing = growing;
    this.#file = file;
    this.#partBytes = partBytes;
    growing.made.then(
      () => {
        this.#end = {};
      },
      (error: unknown) => {
        this.#end = { error };
      },
    );
  }

  /** Waits until the program has made the file. */
  static async open(growing: GrowingFile, partBytes: number): Promise<GrowingParts> {
    return new GrowingParts(growing, await openWhenThere(growing), partBytes);
  }

  /** Waits for a second part. @returns whether there is one */
  async isLarge(): Promise<boolean> {
    return this.#reaches(this.#partBytes + 1);
  }

  async *asWritten(takeBuffer: () => Buffer): AsyncGenerator<Part> {
    const first = Math.ceil(this.#growing.finalFromByte / this.#partBytes);
    let index = first;
    for (; await this.#reaches((index + 1) * this.#partBytes); index++) {
      if (this.#end !== undefined) break;
      const part = await this.#read(index, takeBuffer());
      const crc = crc32(part.body);
      this.#early.set(index, crc);
      yield { ...part, crc };
    }
    await this.#growing.made;
    const count = Math.ceil((await this.#sizeBytes()) / this.#partBytes);
    for (; index < count; index++) yield this.#read(index, takeBuffer());
    for (let early = 0; early < Math.min(first, count); early++) yield this.#read(early, takeBuffer());
  }

  /** What was written again after it had gone up. */
  async *changed(takeBuffer: () => Buffer): AsyncGenerator<Part> {
    let buffer: Buffer | undefined;
    for (const [index, before] of this.#early) {
      buffer ??= takeBuffer();
      const part = await this.#read(index, buffer);
      if (crc32(part.body) === before) continue;
      buffer = undefined;
      yield part;
    }
  }

  /** The whole file, from its beginning. */
  async *whole(takeBuffer: () => Buffer): AsyncGenerator<Part> {
    const count = Math.ceil((await this.#sizeBytes()) / this.#partBytes);
    for (let index = 0; index < count; index++) yield this.#read(index, takeBuffer());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  /** Waits for the file to have so many bytes. @returns false where the program has ended, and they are fewer */
  async #reaches(sizeBytes: number): Promise<boolean> {
    for (;;) {
      // Looked at first: what the program wrote last is there then.
      const end = this.#end;
      if (end !== undefined && 'error' in end) throw end.error;
      if ((await this.#sizeBytes()) >= sizeBytes) return true;
      if (end !== undefined) return false;
      await sleep(lookMs);
    }
  }

  async #sizeBytes(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async #read(index: number, buffer: Buffer): Promise<Part> {
    const body = await readFully(this.#file, buffer, index * this.#partBytes, await this.#sizeBytes());
    return { number: index + 1, buffer, body };
  }
}

async function openWhenThere({ path, made }: GrowingFile): Promise<FileHandle> {
  let ended = false;
  const end = made.then(() => {
    ended = true;
  });
  end.catch(() => {});
  for (;;) {
    const isLast = ended;
    try {
      return await open(path, 'r');
    } catch (error) {
      if (isLast || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await Promise.race([end, sleep(lookMs)]);
  }
}
