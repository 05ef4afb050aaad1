import { quietTimes, usualIdleMinutes } from '../../infra/scaling/quiet-times.ts';
import type { BackendName } from '../../infra/storage/names.ts';
import { total } from '../../tools/cost/charge.ts';
import { requestCharges } from '../../tools/cost/film-cost.ts';
import { publishedBytes } from '../../tools/cost/plain-film.ts';
import { prices } from '../../tools/cost/prices.ts';
import { countRequests } from '../../tools/cost/requests.ts';
import { callStartSeconds, wakingSeconds } from '../../tools/cost/waking.ts';
import { film as filmTimes } from '../../tools/simulation/constants.ts';
import { wholeSeconds } from '../../tools/simulation/whole-film.ts';
import { RefusedError } from '../../worker/src/errors.ts';
import type { Part, Plan } from '../../worker/src/plan/plan.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import type { Settings } from '../../worker/src/settings/settings.ts';
import { type Estimate, estimate } from './estimate.ts';
import { hourUsd, type Machine, type Market, machineOf, machineSize } from './machine.ts';
import { planSettings } from './settings.ts';
import type { SpotPrice } from './table-price.ts';

/** A way to have the film made: by what, how soon it is there, and for how much. */
export interface Way {
  compute: 'gpu' | 'fargate' | 'function';
  market: Market;
  /** One worker, such as `g4dn.xlarge (T4)`. */
  machine: string;
  /** That make it together. */
  workers: number;
  /** The one that is planned for: by default as the farm is deployed. */
  isOwn: boolean;
  /** From the upload to a sleeping farm until the film is whole. */
  wholeSeconds: number;
  /** US dollars, for the work, the waking of the farm, requests to storage and what leaves AWS. */
  usd: number;
  /** Of that, for the start of the workers and their wait until the farm sleeps again. */
  wakingUsd: number;
  /** See `Estimate`. */
  basis: Estimate['basis'];
}

export interface WaysRequest {
  own: Machine;
  /** Of the farm's workers. */
  environment: Readonly<Record<string, string>>;
  /** The most that may make this film, where its job says so. */
  workers: number | undefined;
  source: BackendName;
  output: BackendName;
  /** Of the machine that is planned for, as AWS says it now. */
  spotPrice?: SpotPrice | undefined;
}

/** Tasks or instances of a farm like Pulumi.prod.yaml, and calls of one like Pulumi.function.yaml (`workersPerFilm`). */
const usualWorkers = { gpu: 3, fargate: 3, function: 150 } as const;

const alternatives: readonly (readonly [Way['compute'], Market])[] = [
  ['gpu', 'spot'],
  ['gpu', 'onDemand'],
  ['fargate', 'spot'],
  ['fargate', 'onDemand'],
  ['function', 'onDemand'],
];

/** The farm's own ways first, then those that it could have in their place. A way that refuses the film is left out. */
export function waysOf(
  media: Media,
  planOn: (machine: Machine, settings: Settings) => Plan,
  request: WaysRequest,
): Way[] {
  const { own } = request;
  const ownWays =
    own.kind === 'here' ? [] : own.markets.map((market) => ({ machine: own, market, isOwn: true }));
  const others = alternatives
    .filter(
      ([kind, market]) => !ownWays.some(({ machine, market: of }) => machine.kind === kind && of === market),
    )
    .map(([kind, market]) => ({
      machine: own.kind === kind ? own : machineOf(kind, undefined),
      market,
      isOwn: false,
    }));
  return [...ownWays, ...others].flatMap((way) => wayOf(media, planOn, way, request) ?? []);
}

function wayOf(
  media: Media,
  planOn: (machine: Machine, settings: Settings) => Plan,
  { machine, market, isOwn }: { machine: Machine; market: Market; isOwn: boolean },
  { own, environment, workers: asked, source, output, spotPrice }: WaysRequest,
): Way | undefined {
  if (machine.kind === 'here') return undefined;
  const { kind } = machine;
  const settings = planSettings({ ...withoutLimits(environment), ...environmentOn(machine) });
  const isOwnKind = own.kind === kind && settings.sharing.partsQueueUrl !== undefined;
  const most = isOwnKind ? settings.sharing.workersPerFilm : usualWorkers[kind];
  const plan = planned(() => planOn(machine, settings));
  const found = plan && estimate(media, plan, machine, asked === undefined ? most : Math.min(asked, most));
  const usdPerHour = hourUsd(machine, market, machine === own ? spotPrice : undefined);
  if (plan === undefined || found === undefined || usdPerHour === undefined) return undefined;
  const workSeconds = found.seconds * found.workers;
  const parts = plan.parts.flatMap((part) => workOf(part, plan, kind, workSeconds));
  const workers = kind === 'function' ? Math.min(asked ?? most, parts.length) : found.workers;
  const requests = countRequests(plan, { sourceBytes: media.sizeBytes, workSeconds, isShared: workers > 1 });
  const transferUsd = output === 's3' ? 0 : (publishedBytes(plan) / 1e9) * prices.internetOut.usd;
  const wakingUsd = (wakingOf(kind, workers) / 3600) * usdPerHour;
  return {
    compute: kind,
    market,
    machine: machineSize(machine),
    workers,
    isOwn,
    wholeSeconds: wholeSeconds({ kind, workers, partSeconds: parts }),
    usd:
      (workSeconds / 3600) * usdPerHour +
      wakingUsd +
      total(requestCharges({ source, output }, requests)) +
      transferUsd,
    wakingUsd,
    basis: found.basis,
  };
}

/** Where tasks and instances encode, audio is made beside the video. */
function workOf(part: Part, plan: Plan, kind: Way['compute'], workSeconds: number): number[] {
  const { video } = plan;
  if (part.kind === 'video' && video !== undefined) {
    const seconds = (part.endSeconds ?? video.durationSeconds) - part.startSeconds;
    return [(workSeconds * seconds) / video.durationSeconds];
  }
  if (part.kind !== 'audio' || kind !== 'function') return [];
  const seconds = (part.endSeconds ?? plan.durationSeconds) - (part.startSeconds ?? 0);
  return [seconds / filmTimes.audioSecondsPerSecond];
}

function wakingOf(kind: Way['compute'], workers: number): number {
  if (kind === 'function') return workers * callStartSeconds;
  return wakingSeconds(kind, workers, { idleMs: usualIdleMinutes * 60_000, ...quietTimes });
}

function planned(plan: () => Plan): Plan | undefined {
  try {
    return plan();
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

/** What the length of parts follows from. */
export function environmentOn(machine: Machine): Record<string, string> {
  return machine.kind === 'function'
    ? { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(machine.memoryGb * 1024) }
    : {};
}

function withoutLimits(environment: Readonly<Record<string, string>>): Record<string, string> {
  const { AWS_LAMBDA_FUNCTION_MEMORY_SIZE, ...others } = environment;
  return others;
}
