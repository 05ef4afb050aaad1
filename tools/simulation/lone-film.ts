import { total } from '../cost/charge.ts';
import { type FarmFacts, readFarm } from '../cost/facts.ts';
import { type FilmCost, filmCosts } from '../cost/film-cost.ts';
import { usd } from '../cost/markdown.ts';
import { speedRange } from '../cost/speeds.ts';
import { workerHours } from '../cost/worker-hour.ts';
import { hourMs, pessimistic, plausible } from './constants.ts';
import { doorFarm } from './door.ts';
import { loneFilm, manyFilms } from './function-films.ts';
import { pessimisticCalls, plausibleCalls } from './functions.ts';
import type { Machine } from './group.ts';
import { measure, quantile } from './measure.ts';
import { farmPolicy } from './policies.ts';
import { type Run, simulate } from './simulate.ts';
import { workerSpeed } from './speed.ts';
import { readStack } from './stack.ts';
import { duration, table } from './table.ts';
import * as workloads from './workloads.ts';

/** What an owner waits and pays for a film of two hours: one that wakes the farm, and one of thirty that come within an hour. */
export interface FilmOnStack extends Lone {
  file: string;
  manyUsd: number;
}

/** The same film under other assumptions. */
export interface FilmSpread {
  file: string;
  /** When capacity is short and every step is at its slow end. */
  pessimistic: Lone;
  /** At the ends of the range of speeds. */
  quickest: Lone;
  slowest: Lone;
}

/** A film that wakes the farm, many times. */
interface Lone {
  /** From the upload until encoding starts. Nobody can watch anything then. */
  startSeconds: Quantiles;
  /** From the upload until the film is whole, which is also when it can be watched. */
  wholeMinutes: Quantiles;
  /** US dollars: machines from order to end, requests, transfer. Standing workers are in the idle month. */
  loneUsd: number;
}

interface Quantiles {
  p50: number;
  p95: number;
}

interface Assumptions {
  starts?: 'plausible' | 'pessimistic';
  speed?: 'expected' | 'quickest' | 'slowest';
}

/** A stack's films, simulated as they are asked for. */
interface StackFilms {
  lone(assumed?: Assumptions): Promise<Lone>;
  manyUsd(): Promise<number>;
}

/** Any number: the same one gives the same results. */
export const seed = 20261126;

/** Different chances for start-up, the same for each stack. */
const runs = 20;

export async function filmOnStack(file: string, seed: number): Promise<FilmOnStack> {
  const films = await filmsOf(file, seed);
  return { file, ...(await films.lone()), manyUsd: await films.manyUsd() };
}

export async function filmSpread(file: string, seed: number): Promise<FilmSpread> {
  const films = await filmsOf(file, seed);
  return {
    file,
    pessimistic: await films.lone({ starts: 'pessimistic' }),
    quickest: await films.lone({ speed: 'quickest' }),
    slowest: await films.lone({ speed: 'slowest' }),
  };
}

async function filmsOf(file: string, seed: number): Promise<StackFilms> {
  const farm = await readFarm(file);
  const functions = farm.worker.kind === 'function' ? farm : await doorFarm(file);
  if (functions !== undefined) return filmsOfFunctions(functions, seed);
  const stack = await readStack(file);
  const speeds = workerSpeed(stack, 30);
  const [cost] = filmCosts(farm).costs;
  if (!cost) throw new TypeError(`${file} has no machine to price a film on.`);
  const usdOf = (run: Run) => filmUsd(run, farm, cost);
  return {
    async lone({ starts = 'plausible', speed = 'expected' } = {}) {
      const policy = farmPolicy(stack, 'this farm', { plausible, pessimistic }[starts]);
      const made: Run[] = [];
      for (let nth = 0; nth < runs; nth += 1) {
        const workload = workloads.singleFilm();
        made.push(await simulate({ policy, workload, speed: speeds[speed], seed: seed + nth }));
      }
      return {
        startSeconds: quantilesOf(made, (run) => measure(run).encodingStartsSeconds.p50),
        wholeMinutes: quantilesOf(made, (run) => measure(run).filmMinutes.p50),
        loneUsd: quantilesOf(made, usdOf).p50,
      };
    },
    async manyUsd() {
      const workload = workloads.matchDay(seed);
      return usdOf(await simulate({ policy: farmPolicy(stack), workload, speed: speeds.expected, seed }));
    },
  };
}

function quantilesOf(runs: readonly Run[], pick: (run: Run) => number): Quantiles {
  const values = runs.map(pick);
  return { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

function filmsOfFunctions(farm: FarmFacts, seed: number): StackFilms {
  const { most, least } = speedRange.x264;
  return {
    async lone({ starts = 'plausible', speed = 'expected' } = {}) {
      const times = { plausible: plausibleCalls, pessimistic: pessimisticCalls }[starts];
      const factor = { expected: 1, quickest: most, slowest: least }[speed];
      const films = await loneFilm(farm, { ...times, speed: times.speed * factor }, seed);
      const { p50, p95 } = films.wholeSeconds;
      const { startSeconds, usd: loneUsd } = films;
      return { startSeconds, wholeMinutes: { p50: p50 / 60, p95: p95 / 60 }, loneUsd };
    },
    manyUsd: async () => (await manyFilms(farm, workloads.matchDay(seed), seed)).usd,
  };
}

/** Per film: what was bought for the films, and each film's requests and transfer. */
function filmUsd({ films, machines, endMs }: Run, farm: FarmFacts, { requestsUsd, transferUsd }: FilmCost) {
  const [hour] = workerHours(farm);
  if (!hour) throw new TypeError('The stack has no machine.');
  const markets = { onDemand: total(hour.onDemand), spot: total(hour.spot ?? hour.onDemand) };
  const [first] = films;
  const bought = machines
    .filter(({ orderedAtMs }) => orderedAtMs >= (first?.arrivedAtMs ?? 0))
    .map((machine) => {
      const hours = ((machine.endedAtMs ?? endMs) - machine.orderedAtMs) / hourMs;
      return hours * (isSpot(machine, machines, farm) ? markets.spot : markets.onDemand);
    });
  return bought.reduce((sum, each) => sum + each, 0) / films.length + requestsUsd + transferUsd;
}

/** Of instances the group knows. Of Fargate's tasks the first ones, up to the base, are On-Demand. */
function isSpot(
  machine: Machine,
  machines: readonly Machine[],
  { worker, onDemandBase, spot }: FarmFacts,
): boolean {
  if (worker.kind === 'gpu') return machine.isSpot;
  const before = machines.filter(
    (other) =>
      other !== machine &&
      other.orderedAtMs <= machine.orderedAtMs &&
      (other.endedAtMs ?? Number.POSITIVE_INFINITY) > machine.orderedAtMs,
  );
  return spot && before.length >= onDemandBase;
}

export function filmsOnStacksTable(films: readonly (FilmOnStack & FilmSpread)[]): string[] {
  return table([
    [
      ...['stack', 'encoding starts p50', 'p95', 'film whole p50', 'p95', 'lone film', 'one of 30'],
      ...['pessimistic: whole p50', 'p95', 'lone film'],
    ],
    ...films.map(({ file, startSeconds, wholeMinutes, loneUsd, manyUsd, pessimistic: late }) => [
      file,
      duration(startSeconds.p50),
      duration(startSeconds.p95),
      duration(wholeMinutes.p50 * 60),
      duration(wholeMinutes.p95 * 60),
      usd(loneUsd),
      usd(manyUsd),
      duration(late.wholeMinutes.p50 * 60),
      duration(late.wholeMinutes.p95 * 60),
      usd(late.loneUsd),
    ]),
  ]);
}

/** What the same films take and cost at the ends of the range of speeds. */
export function speedRangeTable(films: readonly FilmSpread[]): string[] {
  return table([
    ['stack', 'quickest: whole p50', 'lone film', 'slowest: whole p50', 'lone film'],
    ...films.map(({ file, quickest, slowest }) => [
      file,
      ...[quickest, slowest].flatMap((end) => [duration(end.wholeMinutes.p50 * 60), usd(end.loneUsd)]),
    ]),
  ]);
}
