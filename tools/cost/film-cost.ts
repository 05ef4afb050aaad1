import { UserError } from '../../cli/errors.ts';
import { instanceTypes, isInstanceType } from '../../infra/compute/instance-types.ts';
import type { BackendName } from '../../infra/storage/names.ts';
import { type Charge, charge, total } from './charge.ts';
import type { FarmFacts } from './facts.ts';
import { type FilmPlan, planReferenceFilm, referenceBytes, workOf } from './film.ts';
import { publishedBytes } from './plain-film.ts';
import { type PriceName, prices } from './prices.ts';
import { countRequests, type FilmRequests } from './requests.ts';
import { nvencSpeed, type Speed, x264Speed } from './speeds.ts';
import { storageMonth } from './storage-month.ts';
import { callStartSeconds, preparationSeconds, wakingSeconds } from './waking.ts';
import { marketsOf, type WorkerHour, workerHours } from './worker-hour.ts';

/** What a film costs that one kind of worker makes. All in US dollars, at list prices. */
export interface FilmCost {
  machine: string;
  market: 'onDemand' | 'spot';
  speed: Speed;
  /** Hours of work: of one worker, or of several together. */
  hours: number;
  workerUsd: number;
  requests: FilmRequests;
  requestsUsd: number;
  /** What leaves AWS for R2 or Wasabi. */
  transferUsd: number;
  totalUsd: number;
  perSourceMinuteUsd: number;
  /**
   * What a film costs more that wakes the farm: the machine's start, its waiting until the farm sleeps, and the making of the next stopped
   * instance where such stand ready. 0 where a worker always runs.
   */
  wakingUsd: number;
}

export interface FilmCosts {
  plan: FilmPlan;
  publishedBytes: number;
  /** A month of the published film in its storage. */
  storageMonth: Charge;
  costs: FilmCost[];
}

/** The reference film on every machine that the stack may use, in every market that it buys. */
export function filmCosts(farm: FarmFacts): FilmCosts {
  const plan = planReferenceFilm(farm.settings, farm.worker.kind === 'gpu' ? 'nvenc' : 'x264');
  const bytes = publishedBytes(plan);
  const costs = workerHours(farm).flatMap((machine) =>
    pricedMarkets(farm, machine).map((market) => costOn(farm, plan, { machine, market })),
  );
  return { plan, publishedBytes: bytes, storageMonth: storageMonth(farm.output, bytes), costs };
}

/** Those that the stack buys; On-Demand where it buys Spot alone and no figure of Spot is known, as Spot is never more. */
function pricedMarkets(farm: FarmFacts, machine: WorkerHour): ('onDemand' | 'spot')[] {
  const priced = marketsOf(farm).filter((market) => machine[market] !== undefined);
  return priced.length > 0 ? priced : ['onDemand'];
}

interface Chosen {
  machine: WorkerHour;
  market: 'onDemand' | 'spot';
}

function costOn(farm: FarmFacts, plan: FilmPlan, { machine, market }: Chosen): FilmCost {
  const hourUsd = total(machine[market] ?? machine.onDemand);
  const speed = speedOn(farm, plan, machine);
  const seconds = plan.durationSeconds / speed.filmSecondsPerSecond;
  const isShared =
    farm.settings.sharing.partsQueueUrl !== undefined && farm.settings.sharing.workersPerFilm > 1;
  const requests = countRequests(plan, { sourceBytes: referenceBytes, workSeconds: seconds, isShared });
  const workerUsd = (seconds / 3600) * hourUsd;
  const requestsUsd = total(requestCharges(farm, requests));
  const transferUsd = farm.output === 's3' ? 0 : (publishedBytes(plan) / 1e9) * prices.internetOut.usd;
  const totalUsd = workerUsd + requestsUsd + transferUsd;
  return {
    machine: machine.name,
    market,
    speed,
    hours: seconds / 3600,
    workerUsd,
    requests,
    requestsUsd,
    transferUsd,
    totalUsd,
    perSourceMinuteUsd: totalUsd / (plan.durationSeconds / 60),
    wakingUsd: wakingUsd(farm, plan, machine, hourUsd),
  };
}

function speedOn({ worker }: FarmFacts, plan: FilmPlan, { name }: WorkerHour): Speed {
  const work = workOf(plan);
  if (worker.kind !== 'gpu') return x264Speed(work, worker.vcpus);
  if (!isInstanceType(name)) throw new UserError(`The program knows no instance type "${name}".`);
  return nvencSpeed(work, instanceTypes[name].gpu);
}

function wakingUsd(farm: FarmFacts, plan: FilmPlan, machine: WorkerHour, hourUsd: number): number {
  const { worker, waker } = farm;
  if (farm.minTasks > 0) return 0;
  if (worker.kind === 'function') return (startedCalls(farm, plan) * callStartSeconds * hourUsd) / 3600;
  if (waker === undefined) throw new TypeError('A farm whose workers are tasks has a waker.');
  const seconds = wakingSeconds(worker.kind, workersOf({ ...farm, waker }), waker.rules);
  return (seconds / 3600) * hourUsd + poolUsd({ ...farm, waker }, machine);
}

/** Each part has a call, as far as they may run at once. */
function startedCalls({ settings }: FarmFacts, { parts }: FilmPlan): number {
  return Math.min(settings.sharing.workersPerFilm, parts.length);
}

type Woken = FarmFacts & { waker: NonNullable<FarmFacts['waker']> };

/** How many make the film. */
function workersOf({ settings, waker: { rules } }: Woken): number {
  return Math.min(rules.maxTasks, Math.ceil(settings.sharing.workersPerFilm / rules.backlogPerTask));
}

function poolUsd(farm: Woken, machine: WorkerHour): number {
  const used = Math.min(farm.warmInstances, workersOf(farm));
  return ((used * preparationSeconds) / 3600) * total(machine.onDemand);
}

const requestPrices: Record<BackendName, { write: PriceName; read: PriceName } | undefined> = {
  s3: { write: 's3Write', read: 's3Read' },
  r2: { write: 'r2Write', read: 'r2Read' },
  // Not charged for: https://wasabi.com/pricing
  wasabi: undefined,
};

export function requestCharges(
  { source, output }: Pick<FarmFacts, 'source' | 'output'>,
  requests: FilmRequests,
): Charge[] {
  const atOutput = requestPrices[output];
  const atSource = requestPrices[source];
  return [
    ...(atOutput
      ? [
          charge(
            atOutput.write,
            requests.writes + requests.status + requests.leases,
            'written at the output',
          ),
          charge(atOutput.read, requests.outputReads, 'read at the output'),
        ]
      : []),
    ...(atSource ? [charge(atSource.read, requests.sourceReads, 'read at the source')] : []),
  ];
}
