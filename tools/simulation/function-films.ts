import { total } from '../cost/charge.ts';
import { type FarmFacts, readFarm } from '../cost/facts.ts';
import { referenceFilm } from '../cost/film.ts';
import { filmCosts } from '../cost/film-cost.ts';
import { usd } from '../cost/markdown.ts';
import { prices } from '../cost/prices.ts';
import { workerHours } from '../cost/worker-hour.ts';
import { film } from './constants.ts';
import {
  type FunctionFarm,
  type FunctionRun,
  type FunctionTimes,
  pessimisticCalls,
  plausibleCalls,
  simulateFunctions,
  trailers,
} from './functions.ts';
import { quantile } from './measure.ts';
import { duration, table } from './table.ts';
import * as workloads from './workloads.ts';

/** Different chances for each. */
const runs = 40;

/** A farm of functions, as its stack makes it. */
export function functionFarmOf(facts: FarmFacts): FunctionFarm {
  const { worker, maxTasks, settings } = facts;
  if (worker.kind !== 'function') throw new TypeError('The workers of this stack are not functions.');
  const { plan, costs } = filmCosts(facts);
  const [first, second] = plan.parts;
  const partSeconds = second?.kind === 'video' ? second.startSeconds : plan.durationSeconds;
  const sound = plan.parts.find((part) => part.kind === 'audio');
  if (first === undefined) throw new TypeError('A film has parts.');
  return {
    maxCalls: maxTasks,
    workersPerFilm: settings.sharing.workersPerFilm,
    filmSecondsPerSecond: costs[0]?.speed.filmSecondsPerSecond ?? Number.NaN,
    soundSecondsPerSecond: film.soundSecondsPerSecond,
    partSeconds,
    soundPartSeconds: sound?.endSeconds ?? plan.durationSeconds,
  };
}

export interface FunctionFilms {
  startSeconds: { p50: number; p95: number };
  wholeSeconds: { p50: number; p95: number };
  usd: number;
}

/** A lone film of two hours, many times. */
export async function loneFilm(facts: FarmFacts, times: FunctionTimes, seed: number): Promise<FunctionFilms> {
  const farm = functionFarmOf(facts);
  const made: FunctionRun[] = [];
  for (let nth = 0; nth < runs; nth += 1)
    made.push(await simulateFunctions(farm, times, workloads.singleFilm(), seed + nth));
  return summaryOf(facts, made);
}

/** Films together in one run. */
export async function manyFilms(
  facts: FarmFacts,
  workload: Parameters<typeof simulateFunctions>[2],
  seed: number,
  times = plausibleCalls,
): Promise<FunctionFilms> {
  const farm = functionFarmOf(facts);
  return summaryOf(facts, [await simulateFunctions(farm, times, workload, seed)]);
}

function summaryOf(facts: FarmFacts, made: readonly FunctionRun[]): FunctionFilms {
  const films = made.flatMap((run) => run.films);
  const secondsTo = (at: 'encodingStartedAtMs' | 'doneAtMs') => {
    const values = films.map((film) => ((film[at] ?? Number.NaN) - film.arrivedAtMs) / 1000);
    return { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
  };
  const [hour] = workerHours(facts);
  const [cost] = filmCosts(facts).costs;
  const hourUsd = total(hour?.onDemand ?? []);
  const bought = made.reduce(
    (sum, { billedSeconds, calls }) =>
      sum + (billedSeconds / 3600) * hourUsd + calls * prices.lambdaRequest.usd,
    0,
  );
  // Requests are priced for a film of two hours.
  const share =
    films.reduce((sum, { seconds }) => sum + seconds, 0) / films.length / referenceFilm.durationSeconds;
  return {
    startSeconds: secondsTo('encodingStartedAtMs'),
    wholeSeconds: secondsTo('doneAtMs'),
    usd: bought / films.length + share * ((cost?.requestsUsd ?? 0) + (cost?.transferUsd ?? 0)),
  };
}

/** The part of `bench -- scaling` that is about functions. */
export async function functionFilms(file: string, seed: number, log: (line: string) => void) {
  const facts = await readFarm(file);
  const lone = (times: FunctionTimes) => loneFilm(facts, times, seed);
  const cases = [
    { name: 'a film of 2 h, nothing warm', films: await lone(plausibleCalls) },
    { name: 'the same, pessimistic', films: await lone(pessimisticCalls) },
    { name: '30 of 2 h within an hour', films: await manyFilms(facts, workloads.matchDay(seed), seed) },
    { name: '10,000 trailers within 10 min', films: await manyFilms(facts, trailers(seed), seed) },
  ];
  log('');
  log(`calls of a function (${file}), simulated; 1080p, 30 frames/s`);
  const rows = cases.map(({ name, films: { startSeconds, wholeSeconds, usd: dollars } }) => [
    name,
    duration(startSeconds.p50),
    duration(startSeconds.p95),
    duration(wholeSeconds.p50),
    duration(wholeSeconds.p95),
    usd(dollars),
  ]);
  for (const line of table([['', 'encoding starts p50', 'p95', 'film whole p50', 'p95', 'a film'], ...rows]))
    log(line);
  const [first] = cases;
  return { p95Seconds: first?.films.wholeSeconds.p95 ?? Number.NaN, usd: first?.films.usd ?? Number.NaN };
}
