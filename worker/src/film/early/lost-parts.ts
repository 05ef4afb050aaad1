import type { Logger } from '../../log.ts';
import type { Part, Plan } from '../../plan/plan.ts';
import type { FilmSession } from '../session/session.ts';

/** What this worker does of the video. */
export type VideoWork =
  /** It chooses its next part by itself. */
  | { kind: 'between' }
  | { kind: 'encoding'; part: Part; startedAtMs: number; frames: number }
  /** There was no part left to begin. */
  | { kind: 'over' };

/** What is left of a part is finished first where it takes no longer: the start of another encoder takes about as long. */
const shortSeconds = 3;

/** A player needs a segment, and another worker some time to make it. */
const spareSegments = 2;

interface LostPartsOptions {
  plan: Pick<Plan, 'segmentSeconds' | 'durationSeconds' | 'video'>;
  session: Pick<FilmSession, 'takeLost'>;
  log: Logger;
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
  async next(work: () => VideoWork, signal: AbortSignal): Promise<Part | undefined> {
    const aborted = Promise.withResolvers<void>();
    const stop = () => aborted.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        await Promise.race([this.#news.promise, aborted.promise]);
        this.#news = Promise.withResolvers();
        if (signal.aborted) return undefined;
        for (const part of this.#quiet.parts) {
          if (this.#isNeeded(part, work()) && (await this.#take(part, signal))) return part;
        }
      }
      return undefined;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** The film is made all the same where storage does not answer. */
  async #take(part: Part, signal: AbortSignal): Promise<boolean> {
    const { session, log } = this.#options;
    try {
      return await session.takeLost(part);
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, part: part.index }, 'could not take up a lost part');
      return false;
    }
  }

  /** Audio is encoded beside the video; a part of the video is dropped for another that players come to sooner than it ends. */
  #isNeeded(lost: Part, work: VideoWork): boolean {
    if (lost.kind !== 'video' || work.kind === 'over') return true;
    if (work.kind === 'between' || startOf(lost) >= startOf(work.part)) return false;
    const { segmentSeconds } = this.#options.plan;
    const reserveSeconds = startOf(lost) - this.#quiet.playedSeconds - spareSegments * segmentSeconds;
    return this.#leftSeconds(work) > Math.max(shortSeconds, reserveSeconds);
  }

  /** What the current part takes yet, by what it has taken. */
  #leftSeconds({ part, startedAtMs, frames }: Extract<VideoWork, { kind: 'encoding' }>): number {
    const { video, durationSeconds } = this.#options.plan;
    if (video === undefined || frames === 0) return Number.POSITIVE_INFINITY;
    const madeSeconds = (frames * video.frameRate.den) / video.frameRate.num;
    const end = 'endSeconds' in part ? part.endSeconds : undefined;
    const lengthSeconds = (end ?? video.durationSeconds ?? durationSeconds) - startOf(part);
    const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
    return (elapsedSeconds * Math.max(0, lengthSeconds - madeSeconds)) / madeSeconds;
  }
}

function startOf(part: Part): number {
  return 'startSeconds' in part ? (part.startSeconds ?? 0) : 0;
}
