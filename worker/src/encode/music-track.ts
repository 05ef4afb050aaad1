import type { Readable } from 'node:stream';
import { RefusedError } from '../errors.ts';
import { MediaToolError } from '../ffmpeg/media-tool.ts';
import type { AudioRendition, MusicPlan } from '../plan/plan.ts';
import { blameFilm, nothingDecoded } from './blame-film.ts';
import { runOf, sampleBytes } from './clip-audio.ts';
import { type EncodeContext, sourceUrl } from './context.ts';
import { SampleLine } from './sample-line.ts';

/** Music up to this long is kept, so that a jingle under a long film is decoded once: 12 MB. */
const keptSeconds = 30;

/** What has less is no music; and to begin it again would take longer than it lasts. */
export const shortestMusicSeconds = 0.5;

type Context = Pick<EncodeContext, 'tools' | 'urls' | 'stallSeconds' | 'sourceStalledSeconds'>;

/** Decodes the music as a rendition has its samples, and again from its start whenever it ends. */
export class MusicTrack implements AsyncDisposable {
  readonly #context: Context;
  readonly #music: MusicPlan;
  readonly #rendition: Pick<AudioRendition, 'sampleRate' | 'channels'>;
  readonly #length: number;
  readonly #signal: AbortSignal;
  readonly #samples: AsyncGenerator<Buffer, void>;
  #rest: Buffer = Buffer.alloc(0);
  #isHeldBack = false;

  /** @param samples of each channel that are asked for */
  constructor(
    context: Context,
    music: MusicPlan,
    { samples, ...rendition }: Pick<AudioRendition, 'sampleRate' | 'channels'> & { samples: number },
    signal: AbortSignal,
  ) {
    this.#context = context;
    this.#music = music;
    this.#rendition = rendition;
    this.#length = samples;
    this.#signal = signal;
    this.#samples = this.#play();
  }

  async read(bytes: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    for (let missing = bytes; missing > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const some = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(some.length);
      missing -= some.length;
      taken.push(some);
    }
    return Buffer.concat(taken);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#samples.return();
  }

  async #next(): Promise<Buffer> {
    const { value } = await this.#samples.next();
    if (value === undefined) throw new TypeError('Music has no end.');
    return value;
  }

  async *#play(): AsyncGenerator<Buffer, void> {
    const { sampleRate, channels } = this.#rendition;
    const frameBytes = channels * sampleBytes;
    let kept: Buffer[] | undefined = [];
    for (;;) {
      let bytes = 0;
      for await (const block of this.#decode()) {
        bytes += block.length;
        if (bytes > keptSeconds * sampleRate * frameBytes) kept = undefined;
        kept?.push(block);
        this.#isHeldBack = true;
        yield block;
        this.#isHeldBack = false;
      }
      if (bytes < shortestMusicSeconds * sampleRate * frameBytes) throw badMusic();
      while (kept !== undefined) yield* kept;
    }
  }

  async *#decode(): AsyncGenerator<Buffer, void> {
    const { tools, stallSeconds, sourceStalledSeconds } = this.#context;
    const { sampleRate, channels } = this.#rendition;
    const run = runOf(wholeMusic(this.#music), this.#music.audio, this.#rendition, this.#length);
    const line = new SampleLine(this.#length, { sampleRate, frameBytes: channels * sampleBytes });
    const gone = new AbortController();
    const opened = Promise.withResolvers<Readable>();
    const running = tools.ffmpeg({
      input: { url: sourceUrl(this.#context, run.source) },
      lavfiFirst: run.lavfiFirst,
      inputArgs: run.inputArgs,
      outputArgs: run.outputArgs,
      stallSeconds,
      isSourceStalled: () => this.#isHeldBack || sourceStalledSeconds() > 0,
      signal: AbortSignal.any([this.#signal, gone.signal]),
      onLine: [(each) => line.addLine(each)],
      onBytes: opened.resolve,
    });
    running.catch(opened.reject);
    try {
      for await (const chunk of await opened.promise) yield* line.addBytes(chunk);
      await running.catch(blameMusic);
      yield* line.rest();
    } finally {
      gone.abort();
      await running.catch(() => {});
    }
  }
}

function wholeMusic({ source, zeroSeconds, clock, fragmentTable }: MusicPlan) {
  return {
    source,
    zeroSeconds,
    ...(clock ? { clock } : {}),
    ...(fragmentTable ? { fragmentTable } : {}),
    startSeconds: 0,
    fromSeconds: 0,
  };
}

function badMusic(cause?: unknown): RefusedError {
  return new RefusedError(
    'bad-music',
    `The music is damaged, or shorter than ${shortestMusicSeconds} s. Check that it plays, and name another file ("music").`,
    { cause },
  );
}

/** Versions before 7 say so of audio of which nothing can be decoded: so it is too short. */
function blameMusic(error: unknown): void {
  if (error instanceof MediaToolError && nothingDecoded.test(error.stderrTail)) return;
  try {
    blameFilm(error);
  } catch (blamed) {
    throw blamed === error ? error : badMusic(error);
  }
}
