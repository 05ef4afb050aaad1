import type { Part } from './parts.ts';

/** An object whose beginning is known when the rest of it has been read. */
export interface HeadLastObject {
  /** What comes behind the head. What is yielded is copied before more is asked for. */
  rest: AsyncIterable<Buffer>;
  /** Of the head, where the object goes up in parts. */
  headRoomBytes: number;
  /** @param roomBytes that it has to take. @default what it needs */
  head(roomBytes?: number): Buffer;
}

/** The parts of such an object: those that hold the head go up when all others are in storage. */
export class HeadLastParts {
  readonly #headRoomBytes: number;
  readonly #head: HeadLastObject['head'];
  readonly #partBytes: number;
  readonly #chunks: AsyncIterator<Buffer>;
  /** Read, but in no part yet. */
  #pending: Buffer = Buffer.alloc(0);
  #isAtEnd = false;
  /** The last part that the head reaches into. From 0. */
  readonly #held: number;
  /** The bytes of that part that come behind the head. */
  #behindHead: Buffer = Buffer.alloc(0);

  constructor({ rest, headRoomBytes, head }: HeadLastObject, partBytes: number) {
    this.#headRoomBytes = headRoomBytes;
    this.#head = head;
    this.#partBytes = partBytes;
    this.#chunks = rest[Symbol.asyncIterator]();
    this.#held = Math.floor(headRoomBytes / partBytes);
  }

  /** @returns the whole object where it fits into one part */
  async readSmall(): Promise<Buffer | undefined> {
    const behindHead = Buffer.allocUnsafe((this.#held + 1) * this.#partBytes - this.#headRoomBytes);
    this.#behindHead = behindHead.subarray(0, await this.#fill(behindHead));
    await this.#more();
    if (!this.#isAtEnd || this.#held > 0) return undefined;
    return Buffer.concat([this.#head(), this.#behindHead]);
  }

  async *rest(takeBuffer: () => Buffer): AsyncGenerator<Part> {
    for (let number = this.#held + 2; await this.#more(); number++) {
      const buffer = takeBuffer();
      yield { number, buffer, body: buffer.subarray(0, await this.#fill(buffer)) };
    }
  }

  async *beginning(takeBuffer: () => Buffer): AsyncGenerator<Part> {
    const bytes = Buffer.concat([this.#head(this.#headRoomBytes), this.#behindHead]);
    for (let start = 0; start < bytes.length; start += this.#partBytes) {
      const buffer = takeBuffer();
      const length = bytes.copy(buffer, 0, start);
      yield { number: start / this.#partBytes + 1, buffer, body: buffer.subarray(0, length) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }

  /** @returns how many bytes there were */
  async #fill(buffer: Buffer): Promise<number> {
    let filled = 0;
    while (filled < buffer.length && (await this.#more())) {
      const taken = this.#pending.copy(buffer, filled);
      this.#pending = this.#pending.subarray(taken);
      filled += taken;
    }
    return filled;
  }

  /** Asks for more only when nothing is left. @returns whether there is something */
  async #more(): Promise<boolean> {
    while (this.#pending.length === 0 && !this.#isAtEnd) {
      const next = await this.#chunks.next();
      if (next.done) this.#isAtEnd = true;
      else this.#pending = next.value;
    }
    return !this.#isAtEnd;
  }
}
