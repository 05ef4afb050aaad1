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
  /**
   * A try and the wait after it count as this long at most. So a machine that slept through the night has lost one try's
   * patience and not all of it: some systems' clocks go on while they sleep.
   */
  maxRoundSeconds?: number;
  /** Called before each wait. */
  onRetry?: (error: unknown) => void;
  signal?: AbortSignal | undefined;
  /** Milliseconds. @default performance.now */
  now?: () => number;
}

/**
 * Tries until it works, until the error is one that stays, or until the time is over; then the last error is thrown.
 * Between tries it waits twice as long as before, less a random part, so that many workers don't come back at once
 * (AWS Architecture Blog, "Exponential Backoff and Jitter").
 * @throws the signal's reason when it is aborted, also in the middle of a wait
 */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, maxRoundSeconds = Number.POSITIVE_INFINITY, now = () => performance.now() } = options;
  let spentSeconds = 0;
  for (let failures = 0; ; failures++) {
    signal?.throwIfAborted();
    const beganAt = now();
    const roundSeconds = () => Math.min((now() - beganAt) / 1000, maxRoundSeconds);
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      const delay = delaySeconds(failures, options);
      if (!options.passes(error) || spentSeconds + roundSeconds() + delay > options.forSeconds) throw error;
      options.onRetry?.(error);
      await sleep(delay * 1000, undefined, { signal }).catch(() => signal?.throwIfAborted());
      spentSeconds += roundSeconds();
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
