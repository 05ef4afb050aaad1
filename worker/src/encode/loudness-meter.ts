import { type LoudnessBlocks, silentDbtp } from '../plan/loudness.ts';
import { seconds } from './seconds.ts';

/**
 * Filters that end in `[output]`, with a gain behind them. With a descriptor, what comes out is measured by ffmpeg's `ebur128`, which reports
 * there what it finds in each 100 ms: beside the encoder's way and not in it, as the filter changes the length of frames.
 */
export function gainAndMeter(
  filters: (output: string) => string,
  { output, gainDb, pipe }: { output: string; gainDb: number; pipe?: number },
): string {
  const gain = gainDb === 0 ? [] : [`volume=${seconds(10 ** (gainDb / 20))}`];
  if (pipe === undefined && gain.length === 0) return filters(output);
  const made = `${output}made`;
  if (pipe === undefined) return [filters(made), `[${made}]${gain.join(',')}[${output}]`].join(';');
  const heard = `${output}heard`;
  return [
    filters(made),
    `[${made}]${[...gain, 'asplit'].join(',')}[${output}][${heard}]`,
    `[${heard}]${meter(pipe)},anullsink`,
  ].join(';');
}

/** The same where nothing is encoded. */
export function meterOnly(
  filters: (output: string) => string,
  { output, pipe }: { output: string; pipe: number },
): string {
  const made = `${output}made`;
  return [filters(made), `[${made}]${meter(pipe)}[${output}]`].join(';');
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
