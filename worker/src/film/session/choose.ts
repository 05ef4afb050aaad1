import type { Part, Plan } from '../../plan/plan.ts';
import { type FilmView, liveLeases, partsMissing, partsReady } from './view.ts';

export interface Chooser {
  /** Parts that this worker has begun, recorded ones too. */
  begun: ReadonlySet<number>;
  /** Parts that failed under this very message: their leases are kept for it. */
  kept: ReadonlySet<number>;
  /** Parts for which another worker was quicker since the view was made. */
  taken: ReadonlySet<number>;
  /** The film is played early: its first parts are made in their order. @default false */
  inOrder?: boolean;
  /** 0 to 1 */
  random: () => number;
}

export interface Choice {
  part: Part;
  /** Of the lease that is taken over; undefined where there is none. */
  staleEtag: string | undefined;
}

/**
 * Every 16 live leases widen the choice by one part. Workers that look at the same moment would all try the first part
 * that is free; films come in order all the same, as the choice stays near the front.
 */
const leasesPerChoice = 16;

/** The next part for a worker: one of the first that have neither a record nor a live lease. */
export function choosePart(
  plan: Plan,
  kind: Part['kind'],
  view: FilmView,
  { begun, kept, taken, inOrder = false, random }: Chooser,
): Choice | undefined {
  const open = partsReady(plan, view).filter((part) => {
    const { index } = part;
    if (part.kind !== kind || begun.has(index) || taken.has(index)) return false;
    return kept.has(index) || !view.leases.get(index)?.isLive;
  });
  const isUrgent = inOrder && isNearFront(plan, view, open[0]);
  const width = isUrgent ? 1 : 1 + Math.floor(liveLeases(plan, view).length / leasesPerChoice);
  const part =
    open.find(({ index }) => kept.has(index)) ?? open[Math.floor(random() * Math.min(open.length, width))];
  return part && { part, staleEtag: view.leases.get(part.index)?.etag };
}

/** So much of a film that is played early is to be there before its parts may be made in another order. */
const earlySeconds = 120;

/** Whether a part lies so shortly behind the first one missing that a player soon needs it. */
function isNearFront(plan: Plan, view: FilmView, part: Part | undefined): boolean {
  const startOf = (each: Part) => ('startSeconds' in each ? (each.startSeconds ?? 0) : 0);
  const front = partsMissing(plan, view).find(({ kind }) => kind === part?.kind);
  return part !== undefined && front !== undefined && startOf(part) - startOf(front) < earlySeconds;
}

/**
 * The parts with which more workers may begin, beside the first of each kind, which is for the worker that asks.
 * @param width the most workers for the film, this one included
 * @param kinds in the order of their weight. Audio is not worth waking a machine for, and worth a call of a function.
 */
export function partsToRequest(
  plan: Plan,
  view: FilmView,
  width: number,
  kinds: readonly Part['kind'][] = ['video'],
): Part[] {
  const live = new Set(
    liveLeases(plan, view).flatMap(({ part }) => (kinds.includes(part.kind) ? [part] : [])),
  );
  const free = partsReady(plan, view).filter((part) => !live.has(part));
  const beside = kinds.flatMap((kind) => free.filter((part) => part.kind === kind).slice(1));
  return beside.slice(0, Math.max(0, width - 1 - live.size));
}

/** The first part of video that no one has begun: only the worker that asks the others takes it. */
export function firstFreePart(plan: Plan, view: FilmView): Part | undefined {
  return partsMissing(plan, view).find(
    ({ kind, index }) => kind === 'video' && !view.leases.get(index)?.isLive,
  );
}
