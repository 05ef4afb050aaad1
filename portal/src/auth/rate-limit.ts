/** A token bucket for each client: a burst of calls, and a rate after that. */
export class RateLimit {
  readonly #burst: number;
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(burst: number, perMinute: number, now: () => number = Date.now) {
    this.#burst = burst;
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** @returns 0 where the call may go on, else after how many seconds to try again */
  take(client: string): number {
    const at = this.#now();
    const before = this.#buckets.get(client) ?? { left: this.#burst, at };
    const left = this.#leftOf(before, at);
    if (this.#buckets.size > maxClients) this.#forgetIdle(at);
    this.#buckets.set(client, { left: left >= 1 ? left - 1 : left, at });
    return left >= 1 ? 0 : Math.ceil(((1 - left) / this.#perMinute) * 60);
  }

  /** Makes up for a call that should not count. */
  giveBack(client: string): void {
    const bucket = this.#buckets.get(client);
    if (bucket !== undefined) bucket.left = Math.min(this.#burst, bucket.left + 1);
  }

  /** Whether the next call would have to wait; takes nothing. */
  isSpent(client: string): boolean {
    const before = this.#buckets.get(client);
    return before !== undefined && this.#leftOf(before, this.#now()) < 1;
  }

  #leftOf(before: { left: number; at: number }, at: number): number {
    return Math.min(this.#burst, before.left + ((at - before.at) / 60_000) * this.#perMinute);
  }

  #forgetIdle(at: number): void {
    const fullAfterMs = (this.#burst / this.#perMinute) * 60_000;
    for (const [client, bucket] of this.#buckets)
      if (at - bucket.at > fullAfterMs) this.#buckets.delete(client);
    // All of them are busy: then the oldest makes room.
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > maxClients && oldest !== undefined) this.#buckets.delete(oldest);
  }
}

/** Clients that are remembered; an entry takes about a hundred bytes. */
const maxClients = 10_000;
