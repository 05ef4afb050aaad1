import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { MediaToolError } from '../ffmpeg/media-tool.ts';
import type { AudioRendition } from '../plan/plan.ts';
import { followUrl } from '../source/server.ts';
import { blameFilm, nothingDecoded } from './blame-film.ts';
import { type ClipRun, clipAudio, sampleBytes } from './clip-audio.ts';
import { type EncodeContext, sourceUrl } from './context.ts';
import { MusicUnder } from './music-under.ts';
import { SampleFade } from './sample-fade.ts';
import { SampleLine } from './sample-line.ts';

/**
 * The audio of joined clips, or of a film with music: one run after another makes the samples of a clip, and the worker writes them to the
 * encoder, with the music. What it writes has one format from the first clip's start to the last one's end, whatever the clips have.
 */
export class JoinedAudio {
  readonly #context: EncodeContext;
  readonly #signal: AbortSignal;
  readonly #fail: (error: unknown) => void;
  readonly #isPaced: boolean;
  /** Renditions whose encoder has taken all that was made. */
  #awaited = 0;
  #errorLines = 0;

  /**
   * @param fail ends the encoder, with the reason
   * @param isPaced where the film is read beside its picture
   */
  constructor(
    context: EncodeContext,
    {
      signal,
      fail,
      isPaced = false,
    }: { signal: AbortSignal; fail: (error: unknown) => void; isPaced?: boolean },
  ) {
    this.#context = context;
    this.#signal = signal;
    this.#fail = fail;
    this.#isPaced = isPaced;
  }

  /** Complaints of the clips' decoders. */
  get errorLines(): number {
    return this.#errorLines;
  }

  /** True while the encoder has nothing to do: the runs of the clips have their own watch. */
  isAwaited(): boolean {
    return this.#awaited > 0;
  }

  /** Each rendition for itself, as an encoder reads its inputs in an order of its own. */
  write(streams: readonly Writable[]): void {
    for (const [index, stream] of streams.entries()) this.#writeRendition(index, stream).catch(this.#fail);
  }

  async #writeRendition(index: number, stream: Writable): Promise<void> {
    const { plan } = this.#context;
    const rendition = plan.audio[index] as AudioRendition;
    this.#awaited += 1;
    const { sampleRate, channels } = rendition;
    const fade = new SampleFade(channels);
    await using music = plan.music && new MusicUnder(this.#context, plan.music, rendition, this.#signal);
    for (const [clip, { run, ...place }] of clipAudio(plan, index).entries()) {
      const line = new SampleLine(place.samples, { sampleRate, frameBytes: channels * sampleBytes });
      fade.begin(place);
      const send = async (blocks: readonly Buffer[]) => {
        const heard = fade.pass(blocks);
        if (music === undefined) return this.#send(heard, stream);
        for (const block of heard) await this.#send(await music.add(block), stream);
      };
      if (run) await this.#make(run, clip, line, send);
      await send(line.end());
    }
    if (music) await this.#send(music.end(), stream);
    this.#awaited -= 1;
    stream.end();
  }

  async #make(
    run: ClipRun,
    clip: number,
    line: SampleLine,
    send: (blocks: readonly Buffer[]) => Promise<void>,
  ): Promise<void> {
    const { tools, stallSeconds, sourceStalledSeconds } = this.#context;
    const gone = new AbortController();
    const url = sourceUrl(this.#context, run.source);
    let isHeldBack = false;
    const read = async (bytes: Readable) => {
      for await (const chunk of bytes) {
        isHeldBack = true;
        await send(line.addBytes(chunk));
        isHeldBack = false;
      }
    };
    let reading: Promise<void> | undefined;
    try {
      const { errorLines } = await tools.ffmpeg({
        input: { url: this.#isPaced ? followUrl(url) : url },
        lavfiFirst: run.lavfiFirst,
        inputArgs: run.inputArgs,
        outputArgs: run.outputArgs,
        stallSeconds,
        isSourceStalled: () => isHeldBack || sourceStalledSeconds() > 0,
        signal: AbortSignal.any([this.#signal, gone.signal]),
        onLine: [(each) => line.addLine(each)],
        onBytes: (bytes) => {
          reading = read(bytes);
          reading.catch((error: unknown) => gone.abort(error));
        },
      });
      this.#errorLines += errorLines;
    } catch (error) {
      // Versions before 7 say so of audio that has ended before the clip begins.
      if (!(error instanceof MediaToolError) || !nothingDecoded.test(error.stderrTail))
        blameFilm(error, clip);
    }
    await reading;
  }

  /** Waits until the encoder has taken it. */
  async #send(blocks: readonly Buffer[], stream: Writable): Promise<void> {
    for (const block of blocks) {
      // Why the encoder went is in its own exit.
      if (stream.destroyed) return;
      if (stream.write(block)) continue;
      this.#awaited -= 1;
      await this.#taken(stream);
      this.#awaited += 1;
    }
  }

  async #taken(stream: Writable): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#signal, over.signal]);
    try {
      await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]);
    } finally {
      over.abort();
    }
  }
}
