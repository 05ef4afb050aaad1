import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryOptions {
  /** Says of an error whether trying again can help. */
  passes: (error: unknown) => boolean;
  /** How long to go on, in seconds from the first try. Thought of in time, not in tries: an outage has a length. */
  forSeconds: number;
  /** @default 0.2 */
  firstDelaySeconds?: number;
  /** @default 8 */
  maxDelaySeconds?: number;
  signal?: AbortSignal;
}

/**
 * Tries until it works, until the error is one that stays, or until the time is over; then the last error is thrown.
 * Between tries it waits twice as long as before, less a random part, so that many workers don't come back at once
 * (AWS Architecture Blog, "Exponential Backoff and Jitter").
 * @throws the signal's reason when it is aborted, also in the middle of a wait
 */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal } = options;
  const deadline = performance.now() + options.forSeconds * 1000;
  for (let failures = 0; ; failures++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      const delay = delaySeconds(failures, options) * 1000;
      if (!options.passes(error) || performance.now() + delay > deadline) throw error;
      await sleep(delay, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Between half of the full delay and all of it. */
export function delaySeconds(
  failures: number,
  options: Pick<RetryOptions, 'firstDelaySeconds' | 'maxDelaySeconds'> = {},
  random: () => number = Math.random,
): number {
  const { firstDelaySeconds = 0.2, maxDelaySeconds = 8 } = options;
  const full = Math.min(maxDelaySeconds, firstDelaySeconds * 2 ** failures);
  return full * (0.5 + random() / 2);
}
