import type { AudioRendition, MusicPlan } from '../plan/plan.ts';
import { sampleBytes } from './clip-audio.ts';
import type { EncodeContext } from './context.ts';
import { MusicMix } from './music-mix.ts';
import { MusicTrack } from './music-track.ts';

/** The samples of a film with its music. */
export class MusicUnder implements AsyncDisposable {
  readonly #track: MusicTrack;
  readonly #mix: MusicMix;

  constructor(
    context: EncodeContext,
    music: MusicPlan,
    { sampleRate, channels }: AudioRendition,
    signal: AbortSignal,
  ) {
    const samples = Math.round(context.plan.durationSeconds * sampleRate);
    const shape = { sampleRate, channels, samples };
    this.#track = new MusicTrack(context, music, shape, signal);
    this.#mix = new MusicMix(music, shape);
  }

  /** @returns what is mixed already */
  async add(film: Buffer): Promise<Buffer[]> {
    const music = await this.#track.read(film.length);
    return bytesOf(this.#mix.add(floatsOf(film), floatsOf(music)));
  }

  end(): Buffer[] {
    return bytesOf(this.#mix.end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#track[Symbol.asyncDispose]();
  }
}

/** A copy, as a view must begin at a multiple of four. */
function floatsOf(bytes: Buffer): Float32Array {
  const floats = new Float32Array(bytes.length / sampleBytes);
  Buffer.from(floats.buffer).set(bytes);
  return floats;
}

/** In one piece, as each is a write. */
function bytesOf(blocks: readonly Float32Array[]): Buffer[] {
  if (blocks.length === 0) return [];
  return [
    Buffer.concat(
      blocks.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    ),
  ];
}
