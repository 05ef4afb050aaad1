import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { firstHoldSeconds, MessageGoneError, type Queue } from './queue.ts';

/** The message is no longer ours, so the job must not publish anything more. */
export class LeaseLostError extends InterruptedError {}

/** The message was held for almost as long as SQS allows. */
export class LeaseSpentError extends InterruptedError {}

/** A message is held for as long as its lease is renewed. */
export interface Lease {
  /** Aborted with `LeaseLostError` or `LeaseSpentError` when the job must end. */
  readonly signal: AbortSignal;
  /** Ends the renewals; the message stays hidden for what is left. */
  end(): void;
}

export interface LeaseOptions {
  queue: Queue;
  log: Logger;
  visibilityTimeoutSeconds: number;
  /** SQS hides a message for 12 hours in total, counted from its receipt. */
  longestHoldSeconds?: number;
}

const twelveHoursSeconds = 12 * 3600;

/**
 * Takes hold of a message that was just received, and renews three times per visibility timeout. Time is monotonic:
 * the clock may jump.
 * @throws MessageGoneError, or what SQS answers, when not even the first renewal worked: the message must be left alone
 */
export async function holdMessage(message: ReceivedMessage, options: LeaseOptions): Promise<Lease> {
  const { queue, log, visibilityTimeoutSeconds } = options;
  const longestHoldSeconds = options.longestHoldSeconds ?? twelveHoursSeconds;
  const ended = new AbortController();
  const lost = new AbortController();
  const receivedAt = nowSeconds();
  const spentAt = receivedAt + longestHoldSeconds - 2 * visibilityTimeoutSeconds;
  let hiddenUntil = receivedAt + Math.min(firstHoldSeconds, visibilityTimeoutSeconds);

  const renew = async () => {
    const askedAt = nowSeconds();
    const seconds = Math.min(visibilityTimeoutSeconds, receivedAt + longestHoldSeconds - askedAt - 1);
    // An answer that comes after the end of the hold is worth nothing.
    const inTime = AbortSignal.timeout(Math.ceil(Math.max(0, hiddenUntil - askedAt) * 1000));
    await queue.hide(message, seconds, inTime);
    hiddenUntil = askedAt + seconds;
  };

  const renewUntilEnd = async () => {
    let waitSeconds = visibilityTimeoutSeconds / 3;
    while (!ended.signal.aborted) {
      await sleep(waitSeconds * 1000, undefined, { ref: false, signal: ended.signal });
      if (nowSeconds() >= hiddenUntil) throw notInTime();
      if (nowSeconds() >= spentAt) {
        throw new LeaseSpentError(`SQS holds a message for ${longestHoldSeconds} s at most.`);
      }
      try {
        await renew();
        waitSeconds = visibilityTimeoutSeconds / 3;
      } catch (error) {
        if (error instanceof MessageGoneError) throw new LeaseLostError(error.message, { cause: error });
        if (nowSeconds() >= hiddenUntil) throw notInTime(error);
        log.warn(
          { err: error, messageId: message.id },
          'could not renew the hold on the message; trying again',
        );
        // Well before the end of the hold the job must know, and one call a second is enough.
        waitSeconds = Math.max(0.1, Math.min(visibilityTimeoutSeconds / 10, hiddenUntil - nowSeconds()));
      }
    }
  };

  await renew();
  renewUntilEnd().catch((error: unknown) => {
    if (!ended.signal.aborted) lost.abort(error);
  });
  return { signal: lost.signal, end: () => ended.abort() };
}

function notInTime(cause?: unknown): LeaseLostError {
  return new LeaseLostError('The message was not held in time.', { cause });
}

const nowSeconds = () => performance.now() / 1000;
