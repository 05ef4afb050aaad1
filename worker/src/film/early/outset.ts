import type { VideoPart } from '../../plan/plan.ts';
import { mayOffer, minSpeed, segmentsToBegin } from '../../publish/early-pace.ts';

/** What the last frames in an encoder and an upload may take longer. */
const overdueSeconds = 3;

/** So much of the film was encoded then. */
interface Point {
  atMs: number;
  seconds: number;
}

/** The outset of a film: how quickly it begins to grow, and so when players can begin. */
export class Outset {
  readonly #segmentSeconds: number;
  #begun: Point | undefined;
  /** When this worker's encoder had made its first frames, of whichever part. */
  #firstFrames: Point | undefined;
  /** Where the encoder of the film's first part is. */
  #start: { from: Point; to: Point } | undefined;

  constructor(segmentSeconds: number) {
    this.#segmentSeconds = segmentSeconds;
  }

  begun(atMs: number): void {
    this.#begun ??= { atMs, seconds: 0 };
  }

  /** @param seconds of the part that are encoded */
  encoded({ firstSegment }: Pick<VideoPart, 'firstSegment'>, seconds: number, atMs: number): void {
    if (seconds <= 0) return;
    const now = { atMs, seconds };
    this.#firstFrames ??= now;
    if (firstSegment > 0) return;
    // An encoder that began again begins again here.
    const from = this.#start && seconds >= this.#start.to.seconds ? this.#start.from : now;
    this.#start = { from, to: now };
  }

  /**
   * What an encoder takes to start says nothing of its speed: it is measured from the first frames on too.
   * @param grownSeconds of the prefix, what came since this worker began
   */
  mayOffer(prefixSeconds: number, grownSeconds: number, nowMs: number): boolean {
    return [this.#begun, this.#firstFrames].some(
      (since) =>
        since !== undefined &&
        mayOffer({
          prefixSeconds,
          grownSeconds: grownSeconds - since.seconds,
          elapsedSeconds: (nowMs - since.atMs) / 1000,
          segmentSeconds: this.#segmentSeconds,
        }),
    );
  }

  /**
   * About how long until players can begin; undefined where that isn't known, where the film is made too slowly for it, and where it is
   * overdue: the network may be slower than the encoder, or another worker makes the part now.
   */
  playableInSeconds(nowMs: number): number | undefined {
    const { from, to } = this.#start ?? {};
    if (from === undefined || to === undefined || to.atMs <= from.atMs) return undefined;
    const speed = ((to.seconds - from.seconds) * 1000) / (to.atMs - from.atMs);
    if (speed < minSpeed) return undefined;
    const needed = segmentsToBegin(speed, this.#segmentSeconds) * this.#segmentSeconds;
    const seconds = (needed - to.seconds) / speed - (nowMs - to.atMs) / 1000;
    return seconds < -overdueSeconds ? undefined : Math.max(0, Math.round(seconds * 10) / 10);
  }
}
