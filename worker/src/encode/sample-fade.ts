/** A clip's place among the others, in samples of each channel. */
export interface FadingClip {
  samples: number;
  /** That it shares with the clip before it; 0 for a hard cut and the first clip. */
  fadeIn: number;
  /** That it shares with the clip behind it. */
  fadeOut: number;
}

const floatBytes = 4;

/**
 * Adds the end of each clip to the beginning of the next one. The fade is of equal power (a quarter of a sine), since what is heard of two
 * clips is not alike: the sum is as loud as each.
 */
export class SampleFade {
  readonly #channels: number;
  /** The end of the clip before, faded out: 32-bit floating point, all channels of a sample side by side. */
  #held: number[] = [];
  #clip: FadingClip = { samples: 0, fadeIn: 0, fadeOut: 0 };
  /** Samples of the clip that have passed. */
  #at = 0;
  #kept: number[] = [];

  constructor(channels: number) {
    this.#channels = channels;
  }

  begin(clip: FadingClip): void {
    this.#clip = clip;
    this.#at = 0;
    this.#held = this.#kept;
    this.#kept = [];
  }

  /** @param blocks whole samples @returns what is to be heard; the end of a clip comes with the next one */
  pass(blocks: readonly Buffer[]): Buffer[] {
    const { fadeIn, fadeOut } = this.#clip;
    if (fadeIn === 0 && fadeOut === 0) return [...blocks];
    return blocks.map((block) => this.#passBlock(block)).filter(({ length }) => length > 0);
  }

  #passBlock(block: Buffer): Buffer {
    const { samples, fadeIn, fadeOut } = this.#clip;
    const frameBytes = this.#channels * floatBytes;
    const count = block.length / frameBytes;
    const from = this.#at;
    this.#at += count;
    const endsBefore = samples - fadeOut;
    if (from >= fadeIn && this.#at <= endsBefore) return block;
    // Silence is the same memory again and again.
    const mixed = Buffer.from(block);
    for (let n = 0; n < count; n++) {
      const at = from + n;
      const gain = gainAt(at, fadeIn) * gainAt(samples - 1 - at, fadeOut);
      for (let channel = 0; channel < this.#channels; channel++) {
        const byte = n * frameBytes + channel * floatBytes;
        const own = block.readFloatLE(byte) * gain;
        const before = at < fadeIn ? (this.#held[at * this.#channels + channel] ?? 0) : 0;
        if (at < endsBefore) mixed.writeFloatLE(own + before, byte);
        else this.#kept.push(own + before);
      }
    }
    const heard = Math.min(count, Math.max(0, endsBefore - from));
    return mixed.subarray(0, heard * frameBytes);
  }
}

/** @param at samples from the end that is silent */
function gainAt(at: number, fade: number): number {
  return at >= fade ? 1 : Math.sin((Math.PI / 2) * ((at + 0.5) / fade));
}
