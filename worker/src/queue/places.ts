import { fitsMemory, hasRoom, type Load, type MachineSize, recentFilms } from '../plan/load.ts';

/** How many messages a worker takes at once: a number, or as many as this machine has idle cores for. */
export type JobsAtOnce = number | MachineSize;

/** One message's place on this worker, from before it is received until it is settled. */
export interface Place {
  /**
   * Says what the message's film takes. Where the machine decides, it resolves when that has the memory beside the films that have begun.
   * @throws the signal's reason when it is aborted before that
   */
  occupy(load: Load, signal: AbortSignal): Promise<void>;
  leave(): void;
}

interface Taken {
  load?: Load;
  hasBegun: boolean;
}

/** The places of a worker: who may take a message, and who may begin its film. */
export class Places {
  readonly #jobsAtOnce: JobsAtOnce;
  readonly #taken = new Set<Taken>();
  /** Of the last films that began here. */
  #recent: readonly Load[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(jobsAtOnce: JobsAtOnce) {
    this.#jobsAtOnce = jobsAtOnce;
  }

  /** Resolves when one more message may be taken. @throws the signal's reason */
  async enter(signal: AbortSignal): Promise<Place> {
    const own: Taken = { hasBegun: false };
    await this.#until(
      () => this.#hasRoom(),
      () => this.#taken.add(own),
      signal,
    );
    return {
      occupy: (load, by) => this.#occupy(own, load, by),
      leave: () => {
        this.#taken.delete(own);
        this.#notify();
      },
    };
  }

  async #occupy(own: Taken, load: Load, signal: AbortSignal): Promise<void> {
    // Also while it waits: what is taken beside it would only wait longer.
    own.load = load;
    const begin = () => {
      own.hasBegun = true;
      this.#recent = [...this.#recent, load].slice(-recentFilms);
    };
    await this.#until(() => this.#mayBegin(own, load), begin, signal);
    this.#notify();
  }

  #hasRoom(): boolean {
    if (typeof this.#jobsAtOnce === 'number') return this.#taken.size < this.#jobsAtOnce;
    return hasRoom(
      [...this.#taken].map(({ load }) => load),
      this.#recent,
    );
  }

  /** Where the owner has set a number, the memory is the owner's care too. */
  #mayBegin(own: Taken, load: Load): boolean {
    if (typeof this.#jobsAtOnce === 'number') return true;
    const begun = [...this.#taken].flatMap((each) =>
      each === own || !each.hasBegun || each.load === undefined ? [] : [each.load],
    );
    return fitsMemory(load, begun, this.#jobsAtOnce);
  }

  /** @param act in the same step as the last check, before others that wait check theirs */
  async #until(isSo: () => boolean, act: () => void, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const onAbort = () => aborted.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        if (isSo()) return act();
        await Promise.race([this.#changed.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
