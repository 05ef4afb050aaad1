import type { Part, Plan } from '../plan/plan.ts';
import { isWorking, type SeenHand } from '../protocol/hand.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import { partsWanted } from './check-length.ts';

/** A film in the making, as one of its workers sees it. */
export interface FilmView {
  records: readonly PartRecord[];
  /** Hands of all others. */
  others: readonly SeenHand[];
}

export interface Chooser {
  seat: number;
  /** Parts that this worker has begun, recorded ones too. */
  begun: ReadonlySet<number>;
  /** Parts that failed under this very message: they are tried again first. */
  again: readonly number[];
}

/**
 * The next part for a worker: the first that is neither recorded nor in a hand that lives. Workers that begin at the
 * same moment would all take that one, so each begins at its seat's place among those that are free. What a worker that
 * left because of trouble had begun is left to its own next try, as long as there is something else: its message may
 * never come again.
 */
export function choosePart(
  plan: Plan,
  kind: Part['kind'],
  view: FilmView,
  { seat, begun, again }: Chooser,
): Part | undefined {
  const taken = new Set(partsInHand(view.others.filter(isWorking)));
  const kept = new Set(partsInHand(view.others));
  const open = partsMissing(plan, view.records).filter(
    (part) => part.kind === kind && !taken.has(part.index) && !begun.has(part.index),
  );
  const failed = open.find(({ index }) => again.includes(index));
  const free = open.filter(({ index }) => !kept.has(index));
  return failed ?? free[begun.size === 0 ? Math.min(seat, free.length - 1) : 0] ?? open[0];
}

/** Parts of the film that nobody has recorded. */
export function partsMissing(plan: Plan, records: readonly PartRecord[]): Part[] {
  const recorded = new Set(records.map(({ part }) => part));
  return partsWanted(plan, records).filter(({ index }) => !recorded.has(index));
}

/** Whether another chose the same part at the same moment, or just before. Both choose again then. */
export function isContested(part: Part, others: readonly SeenHand[]): boolean {
  return partsInHand(others.filter(isWorking)).includes(part.index);
}

/**
 * How many more workers a film can use, and may have: one for each part of the picture that is still to be made.
 * @param width the most workers for the film, this one included
 */
export function helpersWanted(plan: Plan, view: FilmView, width: number): number {
  const missing = partsMissing(plan, view.records).filter(({ kind }) => kind === 'video').length;
  return Math.max(0, Math.min(width, missing) - 1 - view.others.filter(isWorking).length);
}

function partsInHand(hands: readonly SeenHand[]): number[] {
  return hands.filter(({ fresh }) => fresh).flatMap(({ parts }) => parts.map(({ part }) => part));
}
