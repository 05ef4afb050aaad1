import { ArchivedObjectError, SourceChangedError } from './errors.ts';
import { type RetryOptions, retrying } from './retry.ts';
import type { StoreTiming } from './s3-client.ts';
import { canPass, explain, isSkewed } from './s3-errors.ts';

export type CallTiming = Pick<StoreTiming, 'retrySeconds' | 'stallSeconds' | 'slowestBytesPerSecond'>;

/** What is done to which object, for the error. */
export interface Call {
  /** Such as `read`. */
  action: string;
  key: string;
  signal?: AbortSignal | undefined;
}

/** Calls to one bucket that go on through an outage, and whose errors name bucket and key. */
export class PatientCalls {
  readonly #bucket: string;
  readonly #timing: CallTiming;
  readonly #options: Pick<RetryOptions, 'onRetry' | 'maxRoundSeconds'>;

  constructor(
    bucket: string,
    timing: CallTiming,
    options: Pick<RetryOptions, 'onRetry' | 'maxRoundSeconds'> = {},
  ) {
    this.#bucket = bucket;
    this.#timing = timing;
    this.#options = options;
  }

  /** A call with a time limit on each try, long enough for `bytes` at the slowest speed. */
  limited<T>(call: Call, bytes: number, attempt: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = call;
    const limitSeconds = this.#timing.stallSeconds + bytes / this.#timing.slowestBytesPerSecond;
    return this.retried(call, async () => {
      const limit = AbortSignal.timeout(Math.ceil(limitSeconds * 1000));
      try {
        return await attempt(signal ? AbortSignal.any([signal, limit]) : limit);
      } catch (error) {
        if (!limit.aborted || signal?.aborted) throw error;
        throw Object.assign(new Error(`no whole answer in ${limitSeconds.toFixed(0)} s`, { cause: error }), {
          code: 'ETIMEDOUT',
        });
      }
    });
  }

  /** A call whose result outlives it, such as a body: only the caller's signal ends it. */
  async retried<T>({ action, key, signal }: Call, attempt: () => Promise<T>): Promise<T> {
    let skewed = 0;
    const passes = (error: unknown) => canPass(error) && (!isSkewed(error) || ++skewed < 2);
    try {
      const forSeconds = this.#timing.retrySeconds;
      return await retrying(attempt, { ...this.#options, passes, forSeconds, signal });
    } catch (error) {
      if (signal?.aborted || error instanceof SourceChangedError || error instanceof ArchivedObjectError)
        throw error;
      throw explain(action, this.#bucket, key, error);
    }
  }
}
