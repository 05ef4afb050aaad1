import type { Goal, Measured } from './bench.ts';

export interface Spread {
  /** Of an even number, the better of the two in the middle: below it lie as many as above. */
  middle: number;
  lowest: number;
  highest: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [lowest, middle, highest] = [0, Math.floor((sorted.length - 1) / 2), sorted.length - 1].map(
    (index) => sorted[index],
  );
  if (lowest === undefined || middle === undefined || highest === undefined)
    throw new RangeError('There is no run to take the middle of.');
  return { lowest, middle, highest };
}

/** A goal over all runs: the middle one is held against it. */
export type GoalOfRuns = Goal & { spread: Spread };

/** Goals of the same name in each run. A goal that not every run has is taken from those that have it. */
export function goalsOfRuns(name: string, goal: number, runs: readonly Measured[]): GoalOfRuns[] {
  const all = runs.flatMap(({ ratio, goals = [] }) => [
    { what: `${name} ratio`, value: ratio, goal },
    ...goals,
  ]);
  return [...Map.groupBy(all, ({ what }) => what).values()].flatMap((same) => {
    const [first] = same;
    const spread = spreadOf(same.map(({ value }) => value));
    return first ? [{ ...first, value: spread.middle, spread }] : [];
  });
}
