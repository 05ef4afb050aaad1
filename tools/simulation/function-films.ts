import { doorCalls } from '../../infra/compute/door-calls.ts';
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
  const audio = plan.parts.find((part) => part.kind === 'audio');
  if (first === undefined) throw new TypeError('A film has parts.');
  return {
    maxCalls: maxTasks,
    workersPerFilm: settings.sharing.workersPerFilm,
    filmSecondsPerSecond: costs[0]?.speed.filmSecondsPerSecond ?? Number.NaN,
    audioSecondsPerSecond: film.audioSecondsPerSecond,
    partSeconds,
    audioPartSeconds: audio?.endSeconds ?? plan.durationSeconds,
  };
}

export interface FunctionFilms {
  startSeconds: { p50: number; p95: number };
  wholeSeconds: { p50: number; p95: number };
  usd: number;
  /** What the dollars go to. */
  shares: { what: string; usd: number }[];
}

/** A lone film of two hours, many times. */
export async function loneFilm(
  facts: FarmFacts,
  times: FunctionTimes,
  seed: number,
  changes: Partial<FunctionFarm> = {},
): Promise<FunctionFilms> {
  const farm = { ...functionFarmOf(facts), ...changes };
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
  /** Of a film, in the mean. */
  const mean = (of: (run: FunctionRun) => number) =>
    made.reduce((sum, run) => sum + of(run), 0) / films.length;
  const timeUsd = (of: (run: FunctionRun) => number) => (mean(of) / 3600) * hourUsd;
  // Requests are priced for a film of two hours.
  const share =
    films.reduce((sum, { seconds }) => sum + seconds, 0) / films.length / referenceFilm.durationSeconds;
  const storageUsd = share * ((cost?.requestsUsd ?? 0) + (cost?.transferUsd ?? 0));
  const shares = [
    { what: 'video', usd: timeUsd(({ spent }) => spent.video) },
    { what: 'audio', usd: timeUsd(({ spent }) => spent.audio) },
    { what: 'starts', usd: timeUsd(({ spent }) => spent.starts) },
    {
      what: 'planning, and waiting for the last part',
      usd: timeUsd(({ billedSeconds, spent }) => billedSeconds - spent.video - spent.audio - spent.starts),
    },
    { what: 'requests', usd: storageUsd + mean(({ calls }) => calls) * prices.lambdaRequest.usd },
  ];
  return {
    startSeconds: secondsTo('encodingStartedAtMs'),
    wholeSeconds: secondsTo('doneAtMs'),
    usd: shares.reduce((sum, { usd }) => sum + usd, 0),
    shares,
  };
}

/** The part of `bench -- scaling` that is about functions. */
export async function functionFilms(file: string, seed: number, log: (line: string) => void) {
  const facts = await readFarm(file);
  const lone = (times: FunctionTimes, changes: Partial<FunctionFarm> = {}) =>
    loneFilm(facts, times, seed, changes);
  const set = async (settings: Record<string, string>, speed = 1) =>
    loneFilm(await readFarm(file, settings), { ...plausibleCalls, speed }, seed);
  const first = await lone(plausibleCalls);
  const cases = [
    { name: 'a film of 2 h, nothing warm', films: first },
    { name: 'the same, pessimistic', films: await lone(pessimisticCalls) },
    { name: 'of a real film, 0.76 of the CPU time', films: await set({}, 1 / 0.76) },
    { name: 'architecture arm64, if as quick', films: await set({ architecture: 'arm64' }) },
    { name: 'arm64, if a tenth slower', films: await set({ architecture: 'arm64' }, 0.9) },
    { name: 'x264Preset superfast', films: await set({ x264Preset: 'superfast' }) },
    { name: 'by a door, burstFunctions 100', films: await lone(plausibleCalls, doorWith(100)) },
    { name: 'by a door, burstFunctions 20', films: await lone(plausibleCalls, doorWith(20)) },
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
  log(
    `what the first one's dollars go to: ${first.shares.map(({ what, usd: dollars }) => `${what} ${usd(dollars)}`).join(', ')}`,
  );
  return { p95Seconds: first.wholeSeconds.p95, usd: first.usd };
}

/** The calls of a function before the jobs queue, of which each has the memory of the others. */
function doorWith(burstFunctions: number): Pick<FunctionFarm, 'maxCalls' | 'workersPerFilm'> {
  return { maxCalls: doorCalls + burstFunctions, workersPerFilm: 1 + burstFunctions };
}
