/** -1 dBFS: an AAC decoder's samples may be over the encoder's. */
const ceiling = 10 ** (-1 / 20);

/** Blocks of 10 ms in which it lets go again. */
const releaseBlocks = 20;

/**
 * Makes blocks of samples softer where they would be over -1 dBFS. The gain goes evenly from block to block, so it looks a block
 * ahead.
 */
export class Limiter {
  #waiting: { samples: Float32Array; most: number } | undefined;
  /** Where the block that waits begins. */
  #gain = 1;

  /** @returns blocks whose next one is known */
  add(samples: Float32Array): Float32Array[] {
    const next = { samples, most: maxGain(samples) };
    const before = this.#waiting;
    this.#waiting = next;
    if (before !== undefined) return [this.#limit(before, next.most)];
    this.#gain = next.most;
    return [];
  }

  end(): Float32Array[] {
    const last = this.#waiting;
    this.#waiting = undefined;
    return last === undefined ? [] : [this.#limit(last, last.most)];
  }

  #limit({ samples, most }: { samples: Float32Array; most: number }, next: number): Float32Array {
    const from = this.#gain;
    const to = Math.min(most, next, from + 1 / releaseBlocks);
    this.#gain = to;
    if (from === 1 && to === 1) return samples;
    const { length } = samples;
    return samples.map((sample, n) => sample * (from + ((to - from) * n) / length));
  }
}

function maxGain(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak > ceiling ? ceiling / peak : 1;
}
