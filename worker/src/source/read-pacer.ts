import { setTimeout as sleep } from 'node:timers/promises';

export interface FollowTiming {
  /** How many blocks a following reader may be ahead of the leading one. @default 2 */
  leadBlocks: number;
  /** How long a following reader waits at one block at most, in seconds. @default 30 */
  followSeconds: number;
  /** How long a place counts that a leading reader has left: the next part's reader comes soon. In seconds. @default 5 */
  leftSeconds: number;
}

export const defaultFollowTiming: FollowTiming = { leadBlocks: 2, followSeconds: 30, leftSeconds: 5 };

/** Where a leading reader is, by block. */
export interface Leader {
  moveTo(index: number): void;
  leave(): void;
}

interface Place {
  index: number;
  leftAt?: number;
}

/** The wait is a look every so often: a leader takes about a second for a block. */
const lookMs = 100;

/**
 * Keeps a fast reader (audio) near a slow one (video), so that both get the same blocks while these are in memory,
 * and the film is fetched once. Leading readers are never held back. The following one waits while the nearest
 * leader behind it is too far behind, but not for ever: a film may have its tracks far apart, and a leader may stand
 * still. After `followSeconds` in one place it goes on alone until it meets a leader again.
 */
export class ReadPacer {
  readonly #timing: FollowTiming;
  readonly #places = new Set<Place>();
  #alone = false;
  #ended = false;

  constructor(timing: FollowTiming) {
    this.#timing = timing;
  }

  /** A leading reader has come. */
  lead(): Leader {
    const place: Place = { index: 0 };
    return {
      moveTo: (index) => {
        place.index = index;
        this.#places.add(place);
      },
      leave: () => {
        place.leftAt = performance.now();
      },
    };
  }

  /** No leading reader comes any more: the following one reads on alone. */
  end(): void {
    this.#ended = true;
  }

  /** Resolves when the following reader may read the block. */
  async follow(index: number, signal: AbortSignal): Promise<void> {
    const giveUpAt = performance.now() + this.#timing.followSeconds * 1000;
    while (this.#tooFar(index)) {
      if (performance.now() > giveUpAt) this.#alone = true;
      else await sleep(lookMs, undefined, { signal });
    }
  }

  #tooFar(index: number): boolean {
    const { leadBlocks, leftSeconds } = this.#timing;
    const stale = performance.now() - leftSeconds * 1000;
    for (const place of this.#places) if ((place.leftAt ?? stale) < stale) this.#places.delete(place);
    const lead = leadOver(
      index,
      [...this.#places].map((place) => place.index),
    );
    if (lead === undefined) return false;
    if (lead <= leadBlocks) this.#alone = false;
    return lead > leadBlocks && !this.#alone && !this.#ended;
  }
}

/** How many blocks `index` is ahead of the nearest place at or behind it; undefined when all places are ahead. */
export function leadOver(index: number, places: readonly number[]): number | undefined {
  const leads = places.map((place) => index - place).filter((lead) => lead >= 0);
  return leads.length === 0 ? undefined : Math.min(...leads);
}
