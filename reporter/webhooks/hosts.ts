import { setTimeout as sleep } from 'node:timers/promises';

export interface HostLimits {
  /** Posts to one host at once. */
  maxAtOnce: number;
  /** Failures in a row after which a host counts as down. */
  failuresUntilPause: number;
  longestPauseSeconds: number;
  /** For a free place; then the event goes back to the queue. */
  waitSeconds: number;
}

const usualLimits: HostLimits = {
  maxAtOnce: 16,
  failuresUntilPause: 3,
  longestPauseSeconds: 60,
  waitSeconds: 1,
};

/** A place among the posts to one host. */
export interface Place {
  /** The host has failed several times in a row, and is left alone for a while. */
  isPaused: boolean;
  leave(): void;
}

interface Host {
  posts: number;
  failures: number;
  pausedUntil: number;
}

/**
 * Keeps a receiver that is slow or down from holding up the others: so many posts at once for each host, and none but one now and
 * then while a host fails. Known to this process alone: it saves time, and nothing depends on it.
 */
export class Hosts {
  readonly #limits: HostLimits;
  readonly #hosts = new Map<string, Host>();
  readonly #clock: () => number;

  constructor(limits: Partial<HostLimits> = {}, clock: () => number = () => performance.now()) {
    this.#limits = { ...usualLimits, ...limits };
    this.#clock = clock;
  }

  /** @returns undefined where no place came free in time */
  async enter(name: string): Promise<Place | undefined> {
    const { maxAtOnce, waitSeconds } = this.#limits;
    const host = this.#hosts.get(name) ?? { posts: 0, failures: 0, pausedUntil: 0 };
    this.#hosts.set(name, host);
    const deadline = this.#clock() + waitSeconds * 1000;
    while (host.posts >= maxAtOnce && !this.#isPaused(host)) {
      if (this.#clock() > deadline) return undefined;
      await sleep(10);
    }
    const isPaused = this.#isPaused(host);
    // The next one that comes after a pause is a trial: the others wait for how it ends.
    if (!isPaused && this.#isFailing(host)) this.#pause(host);
    host.posts += 1;
    const leave = () => {
      host.posts -= 1;
    };
    return { isPaused, leave };
  }

  succeeded(name: string): void {
    const host = this.#hosts.get(name);
    if (host !== undefined) Object.assign(host, { failures: 0, pausedUntil: 0 });
  }

  failed(name: string): void {
    const host = this.#hosts.get(name);
    if (host === undefined) return;
    host.failures += 1;
    if (this.#isFailing(host)) this.#pause(host);
  }

  #isFailing({ failures }: Host): boolean {
    return failures >= this.#limits.failuresUntilPause;
  }

  #isPaused({ pausedUntil }: Host): boolean {
    return this.#clock() < pausedUntil;
  }

  #pause(host: Host): void {
    const { failuresUntilPause, longestPauseSeconds } = this.#limits;
    const seconds = Math.min(longestPauseSeconds, 2 ** (host.failures - failuresUntilPause));
    host.pausedUntil = this.#clock() + seconds * 1000;
  }
}
