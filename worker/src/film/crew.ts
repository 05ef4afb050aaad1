import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import type { Part, Plan } from '../plan/plan.ts';
import { type Hand, isWorking, type SeenHand } from '../protocol/hand.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import type { Store } from '../storage/store.ts';
import { choosePart, type FilmView, isContested, partsMissing } from './choose.ts';
import { openHands } from './hands.ts';

/** Who makes a film: this worker alone, or several that see each other's hands in the output bucket. */
export interface Crew {
  look(): Promise<FilmView>;
  /** The next part for this worker, which has begun it by that; undefined when none is left to begin. */
  next(kind: Part['kind']): Promise<Part | undefined>;
  recorded(record: PartRecord): void;
  /** Whether this worker writes the playlists: all parts are recorded, and nobody else is at it. */
  takeAssembly(): Promise<boolean>;
  /**
   * This worker stops working on the film. `done`: it has nothing more to do, and what it did is told on; `retry`: what it
   * has begun is kept for whoever gets its message; `gone`: it leaves no trace.
   * @returns whether others go on with the film
   */
  leave(how: 'done' | 'retry' | 'gone'): Promise<boolean>;
}

export interface CrewOptions {
  plan: Plan;
  folder: PlanFolder;
  output: Store;
  seat: number;
  /** Of the message that this worker holds; the same through its retries. */
  messageId: string;
  /** A hand that was not written for so long is a lost worker's. */
  staleSeconds: number;
  progress: HandProgress;
  /** Called with every look; there are several within `staleSeconds`. */
  onView: (view: FilmView, own: { seat: number; key: string }) => void;
  log: Logger;
  signal: AbortSignal;
}

/** How far this worker is. */
export interface HandProgress {
  /** Film seconds of a part. */
  made(part: number): number;
  sums(): Pick<Hand, 'framesPerSecond' | 'publishedBytes' | 'publishedSegments'>;
}

/** Between two looks at what the others do; less where workers are to be missed sooner. */
export const lookSeconds = (staleSeconds: number) => Math.min(5, staleSeconds / 4);

/** Two that choose the same part again and again may both make it: that costs time, not the film. */
const maxChoices = 5;
/** So that those who chose at the same moment do not choose again at the same moment. */
const longestPauseMs = 200;

/** A stop must not wait longer for the last word to the others; they find out by themselves. */
const leaveMs = 2000;

/**
 * @returns undefined where another run has this message's work in hand: the message was delivered twice, or its worker is
 * just being lost
 */
export async function joinCrew(options: CrewOptions): Promise<Crew | undefined> {
  const { plan, seat, messageId, staleSeconds, progress, onView, log, signal } = options;
  const hands = openHands({ ...options, owner: randomUUID() });
  const own = { seat, key: hands.ownKey };
  const begun = new Set<number>();
  /** Of those begun. A look may be older than a record. */
  const recorded = new Set<number>();
  const ended = new AbortController();
  let assembling = false;
  let again: number[] = [];
  let lastView: FilmView = { records: [], others: [] };

  const show = (change: Partial<Pick<Hand, 'atWork' | 'parts'>> = {}, by = signal) =>
    hands.show(
      {
        version: 1,
        messageId,
        atWork: true,
        seat,
        parts: [...begun.difference(recorded)].map((part) => ({ part, seconds: progress.made(part) })),
        assembling,
        ...progress.sums(),
        ...change,
      },
      by,
    );

  const lookNow = async () => {
    await show();
    lastView = await hands.view(signal);
    onView(lastView, own);
    return lastView;
  };

  const pause = (tries: number) => sleep(Math.random() * longestPauseMs * tries, undefined, { signal });

  const chooseNow = async (kind: Part['kind']): Promise<Part | undefined> => {
    for (let choices = 1; ; choices += 1) {
      const part = choosePart(plan, kind, await lookNow(), { seat, begun, again });
      if (part === undefined) return undefined;
      begun.add(part.index);
      await show();
      const { others } = await hands.view(signal);
      if (choices === maxChoices || !isContested(part, others)) return part;
      begun.delete(part.index);
      await show();
      await pause(choices);
    }
  };

  const assembleNow = async () => {
    const isAhead = (hand: SeenHand) => isWorking(hand) && hand.assembling;
    for (let tries = 1; ; tries += 1) {
      const { records, others } = await lookNow();
      if (partsMissing(plan, records).length > 0 || others.some(isAhead)) return false;
      assembling = true;
      await show();
      const now = await hands.view(signal);
      if (!now.others.some(isAhead)) return true;
      // Whether the other has seen this hand nobody can tell, so both put theirs down.
      assembling = false;
      await show();
      await pause(tries);
    }
  };

  /** What an earlier run under this message left is this run's now. */
  const takeOver = async () => {
    const { others } = await lookNow();
    const mine = others.filter((hand) => hand.messageId === messageId);
    if (mine.some(isWorking)) {
      await hands.remove([own.key], signal);
      return false;
    }
    again = mine.flatMap(({ parts }) => parts.map(({ part }) => part));
    const keys = mine.map(({ key }) => key);
    await hands.remove(keys, signal);
    return true;
  };

  // One after the other, so that an older word never replaces a newer one.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  };

  const lookSoOften = async () => {
    for (;;) {
      await sleep(lookSeconds(staleSeconds) * 1000, undefined, {
        ref: false,
        signal: ended.signal,
      });
      await inTurn(async () => void (ended.signal.aborted || (await lookNow()))).catch((failure: unknown) => {
        if (!signal.aborted) log.warn({ err: failure }, 'could not look at what the other workers do');
      });
    }
  };

  if (!(await inTurn(takeOver))) return undefined;
  lookSoOften().catch(() => {});

  return {
    look: () => inTurn(lookNow),
    next: (kind) => inTurn(() => chooseNow(kind)),
    recorded: ({ part }) => void recorded.add(part),
    takeAssembly: () => inTurn(assembleNow),
    async leave(how) {
      ended.abort();
      const late = AbortSignal.timeout(leaveMs);
      return inTurn(async () => {
        if (how !== 'gone') await show({ atWork: false, ...(how === 'retry' ? {} : { parts: [] }) }, late);
        const { records, others } = await hands.view(late);
        // Whoever commits the film removes all hands, and may have done so just before.
        const isWhole = partsMissing(plan, records).length === 0;
        if (how === 'gone' || isWhole) await hands.remove([own.key], late);
        return others.some(isWorking);
      }).catch((failure: unknown) => {
        log.warn({ err: failure }, 'could not tell the other workers of the end here');
        return lastView.others.some(isWorking);
      });
    },
  };
}
