import type { Part } from '../../plan/plan.ts';
import type { FilmProgress } from '../session/film-progress.ts';
import type { FilmSession } from '../session/session.ts';

/** A part of the video that this worker encodes. */
export interface CurrentPart {
  part: Part;
  /** Of this process's steady clock. */
  startedAtMs: number;
}

/** What is left of a part is finished first where it takes no longer: the start of another encoder takes about as long. */
const shortSeconds = 3;

/** A player needs a segment, and another worker some time to make it. */
const spareSegments = 2;

interface LostPartsOptions {
  segmentSeconds: number;
  session: Pick<FilmSession, 'takeLost'>;
  progress: Pick<FilmProgress, 'shareOf'>;
}

/**
 * Parts of a film that is played early whose workers were lost, and to which players come next. The worker that writes the playlists takes
 * them up as soon as their leases are stale: whoever is free next might be busy for a whole part yet, and with audio until the
 * video is made.
 */
export class LostParts {
  readonly #options: LostPartsOptions;
  #quiet: { parts: readonly Part[]; playedSeconds: number } = { parts: [], playedSeconds: 0 };
  #news = Promise.withResolvers<void>();

  constructor(options: LostPartsOptions) {
    this.#options = options;
  }

  /** These may be lost. */
  consider(parts: readonly Part[], playedSeconds: number): void {
    this.#quiet = { parts, playedSeconds };
    this.#news.resolve();
  }

  /**
   * Waits for a part that is to be made at once, and takes it: the session gives it next.
   * @returns undefined when the signal is aborted
   */
  async next(current: () => CurrentPart | undefined, signal: AbortSignal): Promise<Part | undefined> {
    const aborted = Promise.withResolvers<void>();
    const stop = () => aborted.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        await Promise.race([this.#news.promise, aborted.promise]);
        this.#news = Promise.withResolvers();
        if (signal.aborted) return undefined;
        for (const part of this.#quiet.parts) {
          if (this.#isNeeded(part, current()) && (await this.#options.session.takeLost(part))) return part;
        }
      }
      return undefined;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Audio is encoded beside the video; a part of the video is dropped for another that players come to sooner than it ends. */
  #isNeeded(lost: Part, current: CurrentPart | undefined): boolean {
    if (lost.kind !== 'video') return true;
    if (current === undefined || startOf(lost) >= startOf(current.part)) return false;
    const { segmentSeconds, progress } = this.#options;
    const reserveSeconds = startOf(lost) - this.#quiet.playedSeconds - spareSegments * segmentSeconds;
    const share = progress.shareOf(current.part.index);
    const elapsedSeconds = (performance.now() - current.startedAtMs) / 1000;
    const leftSeconds = share > 0 ? (elapsedSeconds * (1 - share)) / share : Number.POSITIVE_INFINITY;
    return leftSeconds > Math.max(shortSeconds, reserveSeconds);
  }
}

function startOf(part: Part): number {
  return 'startSeconds' in part ? (part.startSeconds ?? 0) : 0;
}
