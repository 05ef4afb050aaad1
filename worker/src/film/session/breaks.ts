/** So far in a part the higher lanes are asked: what they have is then begun while the part ends. */
export const lookAtShare = 0.9;

/** Parts may take less than this, and a look takes up to a second. */
const minSecondsBetweenLooks = 10;

/**
 * The pauses of a film between two of its parts, in which this worker serves lanes above the film's. The film holds no part
 * meanwhile, so other workers may go on with it; its message stays held.
 */
export class Breaks {
  readonly #serve: () => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #nowMs: () => number;
  #lookedAtMs: number;
  #serving: Promise<void> | undefined;
  #hasBegun = false;

  /**
   * @param serve looks, and resolves when the higher lanes have nothing more; never throws
   * @param signal of the film's work, which then pauses no longer
   */
  constructor(
    serve: () => Promise<void>,
    signal: AbortSignal,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#serve = serve;
    this.#signal = signal;
    this.#nowMs = nowMs;
    // The worker has looked when it took the film's message.
    this.#lookedAtMs = nowMs();
  }

  /** @param share of the current part that is done */
  progressed(share: number): void {
    if (share >= lookAtShare) this.#lookWhenDue();
  }

  /** Resolves when the film may begin its next part. */
  async beforePart(): Promise<void> {
    // Of its first part the film may hold the lease already.
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      return;
    }
    this.#lookWhenDue();
    if (this.#serving === undefined) return;
    const aborted = Promise.withResolvers<void>();
    const stopWaiting = () => aborted.resolve();
    this.#signal.addEventListener('abort', stopWaiting, { once: true });
    if (this.#signal.aborted) aborted.resolve();
    await Promise.race([this.#serving, aborted.promise]);
    this.#signal.removeEventListener('abort', stopWaiting);
  }

  #lookWhenDue(): void {
    if (this.#serving !== undefined) return;
    if (this.#nowMs() - this.#lookedAtMs < minSecondsBetweenLooks * 1000) return;
    this.#serving = this.#serve().finally(() => {
      this.#lookedAtMs = this.#nowMs();
      this.#serving = undefined;
    });
  }
}
