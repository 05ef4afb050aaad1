/** Between two durations, each as likely as the other. */
export interface Range {
  minMs: number;
  maxMs: number;
}

/** Chance that comes out the same for the same seed: mulberry32 (public domain, Tommy Ettinger). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** From 0 to less than 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  within({ minMs, maxMs }: Range): number {
    return minMs + this.next() * (maxMs - minMs);
  }

  /** Time to the next of events that come independently of each other, `meanMs` apart. */
  untilNext(meanMs: number): number {
    return -Math.log(1 - this.next()) * meanMs;
  }

  /** A separate sequence, so that what one draws does not shift what another draws. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32));
  }
}
