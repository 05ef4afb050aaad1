import type { z } from 'zod';
import type { Logger } from '../../log.ts';
import { leaseSchema, type PartProgress } from '../../protocol/lease.ts';
import { StorageError } from '../../storage/errors.ts';
import { readJson } from '../../storage/read-json.ts';
import type { PutCondition, Store } from '../../storage/store.ts';

export interface LeaseOptions {
  output: Store;
  /** Names this run. */
  owner: string;
  messageId: string;
  /** A lease that was not renewed for this long may be taken over. */
  leaseSeconds: number;
  /** What a lease's body says of its part. */
  progressOf: (key: string) => PartProgress | undefined;
  /** Another worker has taken a lease over. */
  onLost: (key: string) => void;
  log: Logger;
}

interface Held {
  etag: string;
  renewals: number;
  /** Of this process's steady clock, when the last write began. */
  writtenAtMs: number;
  timer?: NodeJS.Timeout | undefined;
  writing?: Promise<unknown> | undefined;
}

/** With leases of a minute each key is written every 30 s, and a renewal has the other half to be tried again. */
const renewalsPerLease = 2;

/**
 * A write of a new lease goes on for this long when the work is stopped: a request that is cut off may still reach storage,
 * after whatever removes its object.
 */
const lateWriteMs = 2000;

/** What a storage answers that takes one write a second to a key (R2). */
const tooManyWrites = 429;

const headers = { contentType: 'application/json', cacheControl: 'no-cache' };

/**
 * The leases that this worker holds. A lease is created where there is none (If-None-Match), renewed and taken over where
 * it is unchanged (If-Match), so one worker holds it at a time. Its age is measured by the storage's clock, in listings.
 */
export class HeldLeases {
  readonly #options: LeaseOptions;
  readonly #held = new Map<string, Held>();
  /** Writes of new leases that storage has not answered. */
  readonly #acquiring = new Set<Promise<unknown>>();
  /** Leases whose write failed, by the answer at least. */
  readonly #unsure = new Set<string>();
  /** Leases of parts that this worker has recorded; mostly whoever commits the film removes them. */
  readonly #dropped = new Set<string>();

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  holds(key: string): boolean {
    return this.#held.has(key);
  }

  /** Whether the lease is this worker's for certain: after a standstill of this process storage is asked. */
  async stillHolds(key: string, signal: AbortSignal): Promise<boolean> {
    const held = this.#held.get(key);
    if (held === undefined) return false;
    return this.#isFresh(held) || this.#isOwn(key, signal);
  }

  /**
   * @param staleEtag of a lease that may be taken over; undefined where none was seen
   * @param signal of the work: when it is aborted, a write that is under way is awaited, and then the lease is released
   * @returns false when another worker was quicker
   */
  async acquire(key: string, staleEtag: string | undefined, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const late = new AbortController();
    const giveUpLater = () => void setTimeout(() => late.abort(signal.reason), lateWriteMs).unref();
    signal.addEventListener('abort', giveUpLater, { once: true });
    const writing = this.#create(key, staleEtag, late.signal);
    this.#acquiring.add(writing);
    const isHeld = await writing.finally(() => {
      this.#acquiring.delete(writing);
      signal.removeEventListener('abort', giveUpLater);
    });
    signal.throwIfAborted();
    return isHeld;
  }

  async #create(key: string, staleEtag: string | undefined, signal: AbortSignal): Promise<boolean> {
    const condition: PutCondition =
      staleEtag === undefined ? { kind: 'absent' } : { kind: 'unchanged', etag: staleEtag };
    const writtenAtMs = performance.now();
    const outcome = await this.#write(key, 0, { condition, signal }).catch((error: unknown) => {
      // It was tried again for long, and each time others had just written this very key.
      if (error instanceof StorageError && error.status === tooManyWrites)
        return { kind: 'condition-failed' } as const;
      // It may have been written, and would keep others from the part.
      this.#unsure.add(key);
      throw error;
    });
    if (outcome.kind === 'condition-failed') return false;
    const held: Held = { etag: outcome.etag, renewals: 0, writtenAtMs };
    this.#held.set(key, held);
    this.#renewLater(key, held);
    return true;
  }

  /** No longer renewed; the object stays: the part's record is there, and says more. */
  drop(key: string): void {
    this.#stopRenewing(key);
    this.#dropped.add(key);
  }

  /** Removes what `drop` has left: the film is committed, and whoever did that may have missed them. */
  async removeDropped(signal: AbortSignal): Promise<void> {
    const keys = [...this.#dropped];
    this.#dropped.clear();
    if (keys.length > 0) await this.#options.output.remove(keys, signal);
  }

  #stopRenewing(key: string): void {
    clearTimeout(this.#held.get(key)?.timer);
    this.#held.delete(key);
  }

  /** Leaves the lease to the next run of this message, for as long as a lease lasts. */
  async keep(key: string, signal: AbortSignal): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#stopRenewing(key);
    await untilAborted(held.writing, signal);
    const condition: PutCondition = { kind: 'unchanged', etag: held.etag };
    await this.#write(key, held.renewals + 1, { condition, kept: true, signal });
  }

  /** Others may take what it stands for at once. */
  async release(key: string, signal: AbortSignal): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#stopRenewing(key);
    await untilAborted(held.writing, signal);
    if (!this.#isFresh(held)) return this.#removeOwn(key, signal);
    await this.#options.output.remove([key], signal);
  }

  async releaseAll(signal: AbortSignal): Promise<void> {
    await untilAborted(Promise.allSettled(this.#acquiring), signal);
    const unsure = [...this.#unsure];
    this.#unsure.clear();
    await Promise.all([
      ...[...this.#held.keys()].map((key) => this.release(key, signal)),
      ...unsure.map((key) => this.#removeOwn(key, signal)),
    ]);
  }

  async #removeOwn(key: string, signal: AbortSignal): Promise<void> {
    if (await this.#isOwn(key, signal)) await this.#options.output.remove([key], signal);
  }

  /** No other worker can have taken it over yet. */
  #isFresh({ writtenAtMs }: Held): boolean {
    return performance.now() - writtenAtMs <= this.#options.leaseSeconds * 1000;
  }

  async #isOwn(key: string, signal: AbortSignal): Promise<boolean> {
    const { output, owner } = this.#options;
    return (await readJson(output, key, leaseSchema, signal))?.owner === owner;
  }

  #renewLater(key: string, held: Held): void {
    const waitMs = (this.#options.leaseSeconds * 1000) / renewalsPerLease;
    held.timer = setTimeout(() => {
      held.writing = this.#renew(key, held).catch((error: unknown) =>
        this.#options.log.warn({ err: error, key }, 'could not renew a lease'),
      );
    }, waitMs).unref();
  }

  async #renew(key: string, held: Held): Promise<void> {
    const { leaseSeconds, onLost } = this.#options;
    const writtenAtMs = performance.now();
    try {
      const outcome = await this.#write(key, held.renewals + 1, {
        condition: { kind: 'unchanged', etag: held.etag },
        // After that the lease is stale, and whether it could be renewed changes nothing.
        signal: AbortSignal.timeout(leaseSeconds * 1000),
      });
      if (outcome.kind === 'condition-failed') {
        if (this.#held.get(key) !== held || (await this.#foundOwn(key, held))) return;
        this.#stopRenewing(key);
        onLost(key);
        return;
      }
      Object.assign(held, { etag: outcome.etag, renewals: held.renewals + 1, writtenAtMs });
    } finally {
      if (this.#held.get(key) === held) this.#renewLater(key, held);
    }
  }

  /** Whether the write that came between was a renewal by this worker, whose answer never came. */
  async #foundOwn(key: string, held: Held): Promise<boolean> {
    const signal = AbortSignal.timeout(this.#options.leaseSeconds * 1000);
    // In this order: what is another's by the second call has another ETag at the next renewal.
    const found = await this.#options.output.head(key, signal);
    if (found === undefined || !(await this.#isOwn(key, signal))) return false;
    held.etag = found.etag;
    return true;
  }

  #write(
    key: string,
    renewals: number,
    { condition, kept = false, signal }: { condition: PutCondition; kept?: boolean; signal: AbortSignal },
  ) {
    const { owner, messageId, progressOf, output } = this.#options;
    const progress = progressOf(key);
    const body: z.infer<typeof leaseSchema> = {
      version: 1,
      owner,
      messageId,
      renewals,
      kept,
      ...(progress && { progress }),
    };
    return output.putIf(key, JSON.stringify(body), condition, { ...headers, signal });
  }
}

/** Waits for the work, and no longer than until the signal. */
async function untilAborted(work: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const stopWaiting = () => aborted.resolve();
  signal.addEventListener('abort', stopWaiting, { once: true });
  await Promise.race([work, aborted.promise]);
  signal.removeEventListener('abort', stopWaiting);
}
