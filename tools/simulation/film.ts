import { film as constants } from './constants.ts';

/** A piece of a film that one worker makes at a stretch. */
export interface Part {
  workMs: number;
  /** Of the worker that is at it. */
  takenBy?: string;
  doneAtMs?: number;
}

/** What became of a film. */
export class Film {
  encodingStartedAtMs?: number;
  doneAtMs?: number;
  /** More than once: it was made twice. */
  finishes = 0;
  /** Workers that it lost to scaling: a scale-in, or an instance that was ended under a busy one. */
  killedByScaling = 0;
  /** Workers that it lost to Spot. */
  lostToSpot = 0;
  /** Work that is in the film. */
  usefulMs = 0;
  /** Work that was cut off, or done when another had done it already. */
  wastedMs = 0;
  /** The planner has sent part requests. */
  hasPartRequests = false;
  /** Which of the farm's lanes it is in; 0 is served first. */
  lane = 0;
  /** The worker that writes its playlists. */
  assembledBy?: string;
  readonly parts: Part[];
  readonly id: number;
  readonly arrivedAtMs: number;

  constructor(id: number, arrivedAtMs: number, workMs: readonly number[]) {
    this.id = id;
    this.arrivedAtMs = arrivedAtMs;
    this.parts = workMs.map((ms) => ({ workMs: ms }));
  }

  /** The first part without a worker. */
  nextPart(): Part | undefined {
    return this.parts.find((part) => part.doneAtMs === undefined && part.takenBy === undefined);
  }

  /** Parts without a worker. */
  get left(): number {
    return this.parts.filter((part) => part.doneAtMs === undefined && part.takenBy === undefined).length;
  }

  get allPartsDone(): boolean {
    return this.parts.every(({ doneAtMs }) => doneAtMs !== undefined);
  }
}

/**
 * How long the parts of a film take.
 * @param speed seconds of film in a second of work
 * @param partSeconds of film; infinite: the film is one part
 */
export function workOfParts(
  filmSeconds: number,
  speed: number,
  partSeconds = constants.partSeconds,
): number[] {
  // As the worker plans them: a last part shorter than half a part joins the one before (worker/src/plan/parts.ts).
  const count = Math.max(1, Math.floor(filmSeconds / partSeconds + 0.5));
  return Array.from({ length: count }, (_, index) => {
    const seconds = index === count - 1 ? filmSeconds - index * partSeconds : partSeconds;
    return ((count === 1 ? filmSeconds : seconds) / speed) * 1000;
  });
}
