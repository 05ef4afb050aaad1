import { hourMs, minuteMs } from './constants.ts';
import type { Run } from './simulate.ts';

/** What a run comes to. */
export interface Measures {
  /** From the job's sending to the first encoded frame, in seconds. */
  encodingStartsSeconds: { p50: number; p95: number };
  /** From the job's sending to the finished film, in minutes. */
  filmMinutes: { p50: number; p95: number };
  boughtHours: number;
  /** Of those: work that is in a film. */
  usedHours: number;
  boughtPerUsed: number;
  /** From an instance's last work to its end, in minutes, on average. */
  idleTailMinutes: number;
  /** Films that lost a worker to scaling. */
  killed: number;
  /** Films that lost a worker to Spot. */
  lostToSpot: number;
  /** Films that were finished more than once. */
  twice: number;
  /** Work that was for nothing. */
  wastedHours: number;
  unfinished: number;
}

export function measure({ films, machines, work, endMs }: Run): Measures {
  const begun = films.filter(({ encodingStartedAtMs }) => encodingStartedAtMs !== undefined);
  const finished = films.filter(({ doneAtMs }) => doneAtMs !== undefined);
  const starts = begun.map((film) => ((film.encodingStartedAtMs ?? 0) - film.arrivedAtMs) / 1000);
  const wholes = finished.map((film) => ((film.doneAtMs ?? 0) - film.arrivedAtMs) / minuteMs);
  const lastWork = new Map(work.map(({ machineId, toMs }) => [machineId, toMs]));
  const tails = machines.flatMap(({ id, endedAtMs }) => {
    const last = lastWork.get(id);
    return endedAtMs === undefined || last === undefined ? [] : [(endedAtMs - last) / minuteMs];
  });
  const boughtHours =
    sum(machines.map((machine) => (machine.endedAtMs ?? endMs) - machine.orderedAtMs)) / hourMs;
  const usedHours = sum(films.map(({ usefulMs }) => usefulMs)) / hourMs;
  return {
    encodingStartsSeconds: { p50: quantile(starts, 0.5), p95: quantile(starts, 0.95) },
    filmMinutes: { p50: quantile(wholes, 0.5), p95: quantile(wholes, 0.95) },
    boughtHours,
    usedHours,
    boughtPerUsed: boughtHours / usedHours,
    idleTailMinutes: tails.length === 0 ? Number.NaN : sum(tails) / tails.length,
    killed: films.filter(({ killedByScaling }) => killedByScaling > 0).length,
    lostToSpot: films.filter(({ lostToSpot }) => lostToSpot > 0).length,
    twice: films.filter(({ finishes }) => finishes > 1).length,
    wastedHours: sum(films.map(({ wastedMs }) => wastedMs)) / hourMs,
    unfinished: films.length - finished.length,
  };
}

/** The smallest value that at least this share of all does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
