/** Brings the bytes from `start` to `end` (inclusive), in order. */
export type FetchBlock = (
  range: { start: number; end: number },
  onBytes: (bytes: Buffer) => void,
  signal: AbortSignal,
) => Promise<void>;

export interface BlockCacheOptions {
  sizeBytes: number;
  blockBytes: number;
  /** Blocks in memory, whole or on their way: the budget. */
  maxBlocks: number;
  /** Blocks from the source's start that stay when others do: each new reader begins there. */
  headBlocks: number;
  fetch: FetchBlock;
}

/** A piece of the source. Its bytes can be read as they come. */
export class Block {
  readonly index: number;
  readonly bytes: Buffer;
  readonly length: number;
  /** How many bytes are here already. */
  filled = 0;
  /** Readers that hold it: its memory must not be used for another block. */
  pins = 0;
  /** Fetched ahead for a reader that has not come to it yet. */
  unread: boolean;
  #failure: { error: unknown } | undefined;
  #grown = Promise.withResolvers<void>();

  constructor(index: number, bytes: Buffer, length: number, unread: boolean) {
    this.index = index;
    this.bytes = bytes;
    this.length = length;
    this.unread = unread;
  }

  get whole(): boolean {
    return this.filled === this.length;
  }

  /** Resolves when there is a byte at `offset`. @throws what the fetch threw */
  async reaches(offset: number): Promise<void> {
    while (this.filled <= offset) {
      if (this.#failure) throw this.#failure.error;
      await this.#grown.promise;
    }
  }

  append(chunk: Buffer): void {
    this.filled += chunk.copy(this.bytes, this.filled);
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  #wake(): void {
    this.#grown.resolve();
    this.#grown = Promise.withResolvers();
  }
}

/**
 * Blocks of one source, shared by all readers, in a fixed amount of memory. Buffers are used again and again, so that
 * the process does not grow. A block that no reader holds makes room when room is needed, least recently used first; the
 * source's start goes last.
 */
export class BlockCache {
  readonly #options: BlockCacheOptions;
  /** Least recently used first. */
  readonly #blocks = new Map<number, Block>();
  readonly #spare: Buffer[] = [];
  readonly #closed = new AbortController();
  #allocated = 0;
  #roomMade = Promise.withResolvers<void>();

  constructor(options: BlockCacheOptions) {
    this.#options = options;
  }

  get count(): number {
    return Math.ceil(this.#options.sizeBytes / this.#options.blockBytes);
  }

  /** Whether it is here, or on its way. */
  has(index: number): boolean {
    return this.#blocks.has(index);
  }

  /** The block, pinned until `release`; fetched if it is not here, after waiting for room. */
  async acquire(index: number, signal: AbortSignal): Promise<Block> {
    for (;;) {
      this.#closed.signal.throwIfAborted();
      signal.throwIfAborted();
      const block = this.#touch(index) ?? this.#start(index, false);
      if (block) {
        block.unread = false;
        block.pins++;
        return block;
      }
      await this.#roomMade.promise;
    }
  }

  /** @param isOver no one is expected to read it again: it makes room first */
  release(block: Block, { isOver = false } = {}): void {
    block.pins--;
    if (isOver && this.#blocks.get(block.index) === block) {
      const others = [...this.#blocks].filter(([index]) => index !== block.index);
      this.#blocks.clear();
      for (const [index, each] of [[block.index, block] as const, ...others]) this.#blocks.set(index, each);
    }
    this.#wake();
  }

  /** Fetches ahead, unless all memory holds what is being read or was fetched ahead for someone. */
  prefetch(index: number): void {
    if (index >= this.count || this.#closed.signal.aborted) return;
    if (this.#touch(index) === undefined) this.#start(index, true);
  }

  /** Its reader has gone: a block fetched ahead is like any other. */
  cancelPrefetch(index: number): void {
    const block = this.#blocks.get(index);
    if (block) block.unread = false;
  }

  close(reason: Error): void {
    this.#closed.abort(reason);
    this.#blocks.clear();
    this.#spare.length = 0;
    this.#wake();
  }

  #touch(index: number): Block | undefined {
    const block = this.#blocks.get(index);
    if (block === undefined) return undefined;
    this.#blocks.delete(index);
    this.#blocks.set(index, block);
    return block;
  }

  #start(index: number, ahead: boolean): Block | undefined {
    const { sizeBytes, blockBytes, fetch } = this.#options;
    const bytes = this.#room(ahead);
    if (bytes === undefined) return undefined;
    const start = index * blockBytes;
    const block = new Block(index, bytes, Math.min(blockBytes, sizeBytes - start), ahead);
    this.#blocks.set(index, block);
    const end = start + block.length - 1;
    fetch({ start, end }, (chunk) => block.append(chunk), this.#closed.signal)
      .catch((error: unknown) => {
        // The next reader tries again. The buffer is left to the garbage collector: someone may still write it out.
        if (this.#blocks.get(index) === block) this.#blocks.delete(index);
        this.#allocated--;
        block.fail(error);
      })
      .finally(() => this.#wake());
    return block;
  }

  #room(ahead: boolean): Buffer | undefined {
    const spare = this.#spare.pop();
    if (spare) return spare;
    if (this.#allocated < this.#options.maxBlocks) {
      this.#allocated++;
      return Buffer.allocUnsafeSlow(this.#options.blockBytes);
    }
    const idle = [...this.#blocks.values()].filter((block) => block.whole && block.pins === 0);
    const done = idle.find((block) => !block.unread && block.index >= this.#options.headBlocks);
    const victim = done ?? (ahead ? undefined : idle[0]);
    if (victim === undefined) return undefined;
    this.#blocks.delete(victim.index);
    return victim.bytes;
  }

  #wake(): void {
    this.#roomMade.resolve();
    this.#roomMade = Promise.withResolvers();
  }
}
