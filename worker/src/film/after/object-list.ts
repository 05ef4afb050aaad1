import type { ListedObject } from '../../storage/store.ts';

/** The objects of a rendition in their order, as far as they are known: its readers wait for the others. */
export class ObjectList {
  readonly #known: ListedObject[];
  #isWhole: boolean;
  #changed = Promise.withResolvers<void>();

  private constructor(known: readonly ListedObject[], isWhole: boolean) {
    this.#known = [...known];
    this.#isWhole = isWhole;
  }

  static whole(objects: readonly ListedObject[]): ObjectList {
    return new ObjectList(objects, true);
  }

  static growing(): ObjectList {
    return new ObjectList([], false);
  }

  get length(): number {
    return this.#known.length;
  }

  /** Undefined where it is not known yet, and behind the last. */
  at(index: number): ListedObject | undefined {
    return this.#known[index];
  }

  /** Waits until it is known. @returns undefined behind the last. @throws the signal's reason */
  async wait(index: number, signal: AbortSignal): Promise<ListedObject | undefined> {
    while (this.#known[index] === undefined && !this.#isWhole)
      await unlessAborted(this.#changed.promise, signal);
    return this.#known[index];
  }

  add(objects: readonly ListedObject[]): void {
    if (this.#isWhole || objects.length === 0) return;
    this.#known.push(...objects);
    this.#wake();
  }

  /** @returns false, and does nothing, where those that were known are others */
  complete(all: readonly ListedObject[]): boolean {
    if (!this.#known.every((object, index) => isSame(object, all[index]))) return false;
    this.add(all.slice(this.#known.length));
    this.#isWhole = true;
    this.#wake();
    return true;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<void>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}

function isSame(one: ListedObject, other: ListedObject | undefined): boolean {
  return one.key === other?.key && one.sizeBytes === other.sizeBytes && one.etag === other.etag;
}
