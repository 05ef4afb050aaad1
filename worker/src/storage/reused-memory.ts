/** Pieces that stay while nobody uses them, at most: about one for each rendition of a film. */
const mostIdle = 6;

/**
 * Memory that is used again and again, so that the process does not grow. What a segment was read into lives through its
 * upload, so V8's quick collections keep it, and it lies about until the next slow one.
 */
export class ReusedMemory {
  /** Smallest first. */
  readonly #idle: Buffer[] = [];

  /** `work` gets so many bytes, with anything in them, and is done with them when it resolves. */
  async use<T>(bytes: number, work: (memory: Buffer) => Promise<T>): Promise<T> {
    const memory = this.#take(bytes);
    const result = await work(memory.subarray(0, bytes));
    // Not after an error: a connection that was cut may still write out of it.
    this.#idle.push(memory);
    this.#idle.sort((a, b) => a.length - b.length);
    if (this.#idle.length > mostIdle) this.#idle.shift();
    return result;
  }

  #take(bytes: number): Buffer {
    const fitting = this.#idle.findIndex(({ length }) => length >= bytes);
    const [memory] = fitting === -1 ? [] : this.#idle.splice(fitting, 1);
    return memory ?? Buffer.allocUnsafeSlow(bytes);
  }
}
