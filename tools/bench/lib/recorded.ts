import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { Measured } from './bench.ts';
import { type GoalOfRuns, type Spread, spreadOf } from './runs.ts';

const file = new URL('../recorded.json', import.meta.url);

/** What `npm run bench -- NAME --record` printed last. */
export interface Recorded {
  /** Such as 2026-11-29. */
  date: string;
  machine: string;
  cores: number;
  /** Of Node. */
  version: string;
  /** The machine's load before each run. */
  loads: number[];
  goals: GoalOfRuns[];
  /** Without a goal. */
  more: Record<string, Spread>;
}

/** By the name of the measurement. */
export function readRecorded(): Record<string, Recorded> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Keeps what a measurement came to, with the machine and its load, for docs/performance.md. */
export function record(
  name: string,
  { loads, goals, runs }: { loads: number[]; goals: GoalOfRuns[]; runs: readonly Measured[] },
): void {
  const recorded: Recorded = {
    date: new Date().toISOString().slice(0, 10),
    machine: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    version: process.version,
    loads,
    goals: goals.map((goal) => ({ ...goal, value: short(goal.value), spread: shortSpread(goal.spread) })),
    more: Object.fromEntries(
      Object.keys(runs[0]?.more ?? {}).map((what) => [
        what,
        shortSpread(spreadOf(runs.flatMap(({ more }) => more?.[what] ?? []))),
      ]),
    ),
  };
  const all = Object.entries({ ...readRecorded(), [name]: recorded }).sort(([a], [b]) => a.localeCompare(b));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}

/** No more digits than two runs have in common. */
const short = (value: number) => Number(value.toPrecision(3));

function shortSpread({ lowest, middle, highest }: Spread): Spread {
  return { lowest: short(lowest), middle: short(middle), highest: short(highest) };
}
