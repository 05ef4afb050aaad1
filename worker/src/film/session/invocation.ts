import { InterruptedError } from '../../errors.ts';

/** The invocation must answer soon: what is left is for another one. */
export class OutOfTimeError extends InterruptedError {
  /** Whether this invocation has finished anything. If not, another one would not either. */
  readonly hasFinished: boolean;

  constructor(hasFinished: boolean) {
    super('The invocation reaches its deadline.');
    this.hasFinished = hasFinished;
  }
}

export interface InvocationOptions {
  /** From now until the platform ends the process. */
  secondsLeft: number;
  /** What a part is expected to take before one was made. */
  partSeconds: number;
}

/** Before the deadline: for ffmpeg to end, leases to go, the message to be handed over. */
const stopSeconds = 20;
/** Of an invocation that is shorter than any in the cloud. */
const stopShare = 0.15;

/** Of the time from the stop to the deadline: what has not ended by then is left as it is. */
const giveUpShare = 0.7;

/** Between what the longest part took and what the next may take. */
const partMargin = 1.25;

/** One call of a function. It ends at its deadline, whatever runs, so work that would not be done by then is not begun. */
export class Invocation {
  readonly #stopAtMs: number;
  readonly #stop = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #timers: NodeJS.Timeout[];
  #partSeconds: number;
  #begun = 0;
  #recorded = 0;

  constructor({ secondsLeft, partSeconds }: InvocationOptions) {
    const endSeconds = Math.min(stopSeconds, secondsLeft * stopShare);
    const workMs = Math.max(0, secondsLeft - endSeconds) * 1000;
    this.#stopAtMs = performance.now() + workMs;
    this.#partSeconds = partSeconds;
    this.#timers = [
      setTimeout(() => this.#stop.abort(new OutOfTimeError(this.#recorded > 0)), workMs),
      setTimeout(() => this.#giveUp.abort(), workMs + endSeconds * 1000 * giveUpShare),
    ];
  }

  /** Aborted with `OutOfTimeError` when work must stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborted when there is no time left but for the answer. */
  get giveUp(): AbortSignal {
    return this.#giveUp.signal;
  }

  /** Whether another part can be done in time. The first may always be tried: no other invocation has more time for it. */
  mayBegin(): boolean {
    return this.#begun === 0 || this.#leftSeconds() > this.#partSeconds * partMargin;
  }

  /** Whether a wait of so many seconds leaves time for the end. */
  mayWait(seconds: number): boolean {
    return this.#leftSeconds() > seconds;
  }

  began(): void {
    this.#begun += 1;
  }

  recorded(partSeconds: number): void {
    // The first one's time says more than any estimate.
    this.#partSeconds = this.#recorded === 0 ? partSeconds : Math.max(this.#partSeconds, partSeconds);
    this.#recorded += 1;
  }

  /** The answer is given. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #leftSeconds(): number {
    return (this.#stopAtMs - performance.now()) / 1000;
  }
}
