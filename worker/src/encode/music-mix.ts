import type { MusicPlan } from '../plan/plan.ts';
import { Limiter } from './limiter.ts';

/** Lengths in blocks of 10 ms. The music is down when what it makes room for begins, and comes back slowly. */
const duckBlocks = 20;
const returnBlocks = 100;
/** Between two sentences the music stays down. */
const holdBlocks = 50;

/** The film is heard where it is louder than this, -45 dBFS. */
const heardPower = 10 ** (-45 / 10);

const fadeSeconds = 2;

/** The end of a short film is not all a fade. */
const longestFade = 0.25;

interface Block {
  film: Float32Array;
  music: Float32Array;
}

/**
 * Adds music to a film's samples (32-bit floating point, channels side by side): at its volume, lower while the film is heard, faded out
 * at the end. What would be over -1 dBFS then is limited. The same samples give the same mix, whatever pieces they come in.
 */
export class MusicMix {
  readonly #music: Pick<MusicPlan, 'volume' | 'duck'>;
  readonly #blockLength: number;
  readonly #length: number;
  readonly #fadeLength: number;
  readonly #limiter: Limiter;
  /** What is not a whole block yet. */
  #rest: Block;
  /** Blocks whose gain depends on what comes. */
  readonly #waiting: Block[] = [];
  /** Blocks since the film was heard. */
  #quiet = Number.POSITIVE_INFINITY;
  /** Of the music where the next block begins; undefined at the start. */
  #gain: number | undefined;
  /** Numbers, of all channels, that were mixed. */
  #at = 0;

  /** @param samples of each channel of the whole film */
  constructor(
    music: Pick<MusicPlan, 'volume' | 'duck'>,
    { channels, sampleRate, samples }: { channels: number; sampleRate: number; samples: number },
  ) {
    this.#music = music;
    this.#blockLength = (sampleRate / 100) * channels;
    this.#length = samples * channels;
    this.#fadeLength = Math.min(fadeSeconds * sampleRate * channels, longestFade * this.#length);
    this.#limiter = new Limiter();
    this.#rest = { film: new Float32Array(0), music: new Float32Array(0) };
  }

  /** @param music as many as of the film @returns what is mixed already */
  add(film: Float32Array, music: Float32Array): Float32Array[] {
    const both = { film: joined(this.#rest.film, film), music: joined(this.#rest.music, music) };
    const mixed: Float32Array[] = [];
    let at = 0;
    for (; at + this.#blockLength <= both.film.length; at += this.#blockLength)
      mixed.push(...this.#addBlock(cut(both, at, at + this.#blockLength)));
    this.#rest = cut(both, at, both.film.length);
    return mixed;
  }

  end(): Float32Array[] {
    const mixed = this.#rest.film.length > 0 ? this.#addBlock(this.#rest) : [];
    while (this.#waiting.length > 0) mixed.push(...this.#mixNext());
    return [...mixed, ...this.#limiter.end()];
  }

  #addBlock(block: Block): Float32Array[] {
    this.#waiting.push(block);
    return this.#waiting.length > duckBlocks ? this.#mixNext() : [];
  }

  #mixNext(): Float32Array[] {
    const from = this.#gain ?? this.#target();
    const block = this.#waiting.shift();
    if (block === undefined) return [];
    this.#quiet = isHeard(block.film) ? 0 : this.#quiet + 1;
    const { volume, duck = volume } = this.#music;
    const target = this.#target();
    const step = volume - duck;
    const to =
      target < from
        ? Math.max(target, from - step / duckBlocks)
        : Math.min(target, from + step / returnBlocks);
    this.#gain = to;
    return this.#limiter.add(this.#mix(block, from, to));
  }

  #target(): number {
    const { volume, duck = volume } = this.#music;
    const isNear = this.#quiet < holdBlocks || this.#waiting.some(({ film }) => isHeard(film));
    return isNear ? duck : volume;
  }

  #mix({ film, music }: Block, from: number, to: number): Float32Array {
    const mixed = new Float32Array(film.length);
    for (let n = 0; n < film.length; n++) {
      const left = this.#length - this.#at - n;
      const fade = left >= this.#fadeLength ? 1 : Math.max(0, left / this.#fadeLength);
      const gain = (from + ((to - from) * n) / this.#blockLength) * fade;
      mixed[n] = (film[n] as number) + (music[n] as number) * gain;
    }
    this.#at += film.length;
    return mixed;
  }
}

const powers = new WeakMap<Float32Array, boolean>();

/** Each block is asked for as often as there are blocks before it that wait. */
function isHeard(samples: Float32Array): boolean {
  const known = powers.get(samples);
  if (known !== undefined) return known;
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const heard = sum > heardPower * samples.length;
  powers.set(samples, heard);
  return heard;
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  if (a.length === 0) return b;
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function cut({ film, music }: Block, from: number, to: number): Block {
  return { film: film.subarray(from, to), music: music.subarray(from, to) };
}
