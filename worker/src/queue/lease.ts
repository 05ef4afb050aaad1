import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { firstHoldSeconds, MessageGoneError, type Queue } from './queue.ts';

/** The message is no longer ours, so the job must not publish anything more. */
export class LeaseLostError extends InterruptedError {}

/** The message was held for almost as long as SQS allows. */
export class LeaseSpentError extends InterruptedError {}

export interface LeaseOptions {
  queue: Queue;
  log: Logger;
  visibilityTimeoutSeconds: number;
  /** SQS hides a message for 12 hours in total, counted from its receipt. */
  longestHoldSeconds?: number;
}

const twelveHoursSeconds = 12 * 3600;

/**
 * Takes hold of a message that was just received.
 * @throws MessageGoneError, or what SQS answers, when not even the first renewal worked: the message must be left alone
 */
export async function holdMessage(message: ReceivedMessage, options: LeaseOptions): Promise<Lease> {
  const lease = new Lease(message, options);
  await lease.begin();
  return lease;
}

/**
 * Holds a message for as long as the lease is renewed: three times per visibility timeout. Time is monotonic: the clock may
 * jump.
 */
export class Lease {
  readonly #message: ReceivedMessage;
  readonly #options: LeaseOptions;
  readonly #longestHoldSeconds: number;
  readonly #receivedAt = nowSeconds();
  readonly #ended = new AbortController();
  readonly #lost = new AbortController();
  #hiddenUntil: number;

  constructor(message: ReceivedMessage, options: LeaseOptions) {
    this.#message = message;
    this.#options = options;
    this.#longestHoldSeconds = options.longestHoldSeconds ?? twelveHoursSeconds;
    this.#hiddenUntil = this.#receivedAt + Math.min(firstHoldSeconds, options.visibilityTimeoutSeconds);
  }

  /** Aborted with `LeaseLostError` or `LeaseSpentError` when the job must end. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  async begin(): Promise<void> {
    await this.#renew();
    this.#renewUntilEnd().catch((error: unknown) => {
      if (!this.#ended.signal.aborted) this.#lost.abort(error);
    });
  }

  /** Ends the renewals; the message stays hidden for what is left. */
  end(): void {
    this.#ended.abort();
  }

  async #renewUntilEnd(): Promise<void> {
    const { log, visibilityTimeoutSeconds } = this.#options;
    const spentAt = this.#receivedAt + this.#longestHoldSeconds - 2 * visibilityTimeoutSeconds;
    let waitSeconds = visibilityTimeoutSeconds / 3;
    while (!this.#ended.signal.aborted) {
      await sleep(waitSeconds * 1000, undefined, { ref: false, signal: this.#ended.signal });
      if (nowSeconds() >= this.#hiddenUntil) throw notInTime();
      if (nowSeconds() >= spentAt) {
        throw new LeaseSpentError(`SQS holds a message for ${this.#longestHoldSeconds} s at most.`);
      }
      try {
        await this.#renew();
        waitSeconds = visibilityTimeoutSeconds / 3;
      } catch (error) {
        if (error instanceof MessageGoneError) throw new LeaseLostError(error.message, { cause: error });
        if (nowSeconds() >= this.#hiddenUntil) throw notInTime(error);
        log.warn(
          { err: error, messageId: this.#message.id },
          'could not renew the hold on the message; trying again',
        );
        // Well before the end of the hold the job must know, and one call a second is enough.
        waitSeconds = Math.max(
          0.1,
          Math.min(visibilityTimeoutSeconds / 10, this.#hiddenUntil - nowSeconds()),
        );
      }
    }
  }

  async #renew(): Promise<void> {
    const { queue, visibilityTimeoutSeconds } = this.#options;
    const askedAt = nowSeconds();
    const longest = this.#receivedAt + this.#longestHoldSeconds - askedAt - 1;
    const seconds = Math.min(visibilityTimeoutSeconds, longest);
    // An answer that comes after the end of the hold is too late.
    const inTime = AbortSignal.timeout(Math.ceil(Math.max(0, this.#hiddenUntil - askedAt) * 1000));
    await queue.hide(this.#message, seconds, inTime);
    this.#hiddenUntil = askedAt + seconds;
  }
}

function notInTime(cause?: unknown): LeaseLostError {
  return new LeaseLostError('The message was not held in time.', { cause });
}

const nowSeconds = () => performance.now() / 1000;
