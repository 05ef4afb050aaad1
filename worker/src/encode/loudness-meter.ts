import { type LoudnessBlocks, silentDbtp } from '../plan/loudness.ts';
import { seconds } from './seconds.ts';

/** Filters that end in `[output]`, with a gain behind them. */
export function withGain(filters: (output: string) => string, output: string, gainDb: number): string {
  if (gainDb === 0) return filters(output);
  const made = `${output}made`;
  return `${filters(made)};[${made}]${gain(gainDb)}[${output}]`;
}

/**
 * The same, measured by ffmpeg's `ebur128`, which reports to a descriptor what it finds in each 100 ms. Not for an encoder, as it changes
 * the length of frames; and a graph of its own beside the encoder's: where the audio's format changes, ffmpeg 7 makes a graph again, and
 * one that also measures has frames in it that are lost then.
 */
export function metered(
  filters: (output: string) => string,
  { output, gainDb = 0, pipe }: { output: string; gainDb?: number; pipe: number },
): string {
  const made = `${output}made`;
  const steps = [...(gainDb === 0 ? [] : [gain(gainDb)]), meter(pipe)];
  return `${filters(made)};[${made}]${steps.join(',')}[${output}]`;
}

function gain(db: number): string {
  return `volume=${seconds(10 ** (db / 20))}`;
}

function meter(pipe: number): string {
  // Its log is left at `verbose`, which is not printed; ffmpeg 5 has no `quiet`.
  return `ebur128=peak=true:metadata=1:framelog=verbose,ametadata=print:file=pipe\\\\:${pipe}`;
}

/** Reads what `ametadata` prints. */
export class LoudnessMeter {
  readonly #lengthSeconds: number;
  readonly #blocks = new Map<number, number>();
  #truePeak = 0;
  #atSeconds = 0;

  /** @param lengthSeconds what is heard before zero and behind this is another part's */
  constructor(lengthSeconds = Number.POSITIVE_INFINITY) {
    this.#lengthSeconds = lengthSeconds;
  }

  addLine(line: string): void {
    const [name, value = ''] = line.split('=');
    if (name === 'lavfi.r128.M') this.#addBlock(Number(value));
    else if (name === 'lavfi.r128.true_peak') this.#truePeak = Math.max(this.#truePeak, Number(value) || 0);
    else if (line.startsWith('frame:')) this.#atSeconds = Number(/pts_time:(\S+)/.exec(line)?.[1] ?? 0);
  }

  blocks(): LoudnessBlocks {
    const decibels = this.#truePeak > 0 ? 20 * Math.log10(this.#truePeak) : silentDbtp;
    return {
      blocks: [...this.#blocks].sort(([a], [b]) => a - b),
      truePeakDbtp: Math.round(decibels * 100) / 100,
    };
  }

  #addBlock(lufs: number): void {
    if (!Number.isFinite(lufs) || this.#atSeconds < 0 || this.#atSeconds >= this.#lengthSeconds) return;
    const tenths = Math.round(lufs * 10);
    this.#blocks.set(tenths, (this.#blocks.get(tenths) ?? 0) + 1);
  }
}
