import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Farm } from '../../../cli/farm/farm.ts';
import { readJob } from '../../../cli/farm/jobs.ts';
import { hourUsd, speedOf } from '../../../cli/plan/machine.ts';
import { JobIndex } from '../../../worker/src/protocol/job-index.ts';
import type { Film, JobState } from '../../../worker/src/protocol/status.ts';
import type { FarmMachine } from './machine.ts';

const hourMs = 3_600_000;
const hours = 24;
/** Pages of a listing, each of a thousand entries: a day of more jobs is shown as far as these go. */
const maxPages = 10;
/** Statuses read: each is a request. Of busier days the newest count. */
const maxReads = 400;
const readsAtOnce = 24;

/** One hour of a farm. Medians and sums are of the jobs that were read; null where there was none. */
export interface Hour {
  /** Its beginning. */
  at: string;
  jobs: number;
  succeeded: number;
  failed: number;
  waitSeconds: number | null;
  /** Film seconds per second of work. */
  speed: number | null;
  /** As estimated before an upload; null on a machine without a price. */
  usd: number | null;
}

export interface Day {
  /** The oldest first; the last one is not over. */
  hours: Hour[];
  jobs: number;
  /** Jobs whose status was read, the newest. */
  read: number;
  /** When the oldest of them that is not over entered the queue. */
  oldestOpenAt: string | null;
}

interface Entry {
  jobId: string;
  queuedAt: Date;
}

/** The last 24 hours, from the index and the newest statuses. */
export async function readDay(
  farm: Pick<Farm, 'address' | 'output'>,
  machine: FarmMachine | undefined,
  now: number,
): Promise<Day> {
  const from = (Math.floor(now / hourMs) - hours + 1) * hourMs;
  const entries = await readEntries(farm, from);
  const states: JobState[] = [];
  for (let at = 0; at < Math.min(entries.length, maxReads); at += readsAtOnce) {
    const some = entries.slice(at, Math.min(at + readsAtOnce, maxReads));
    const read = await Promise.all(some.map((entry) => readEntry(farm, entry)));
    states.push(...read.filter((state) => state !== undefined));
  }
  const open = states.filter(({ state }) => state !== 'succeeded' && state !== 'failed').at(-1);
  return {
    hours: Array.from({ length: hours }, (_, index) => {
      const start = from + index * hourMs;
      const isInside = (time: number) => time >= start && time < start + hourMs;
      return hourOf(
        start,
        entries.filter(({ queuedAt }) => isInside(queuedAt.getTime())).length,
        states.filter(({ queuedAt }) => isInside(Date.parse(queuedAt))),
        machine,
      );
    }),
    jobs: entries.length,
    read: states.length,
    oldestOpenAt: open?.queuedAt ?? null,
  };
}

async function readEntries({ address, output }: Pick<Farm, 'address' | 'output'>, from: number) {
  const { outputBucket: Bucket, outputPrefix } = address;
  const index = new JobIndex(outputPrefix);
  const entries: Entry[] = [];
  let token: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const { Contents = [], NextContinuationToken } = await output.send(
      new ListObjectsV2Command({ Bucket, Prefix: index.prefix, ContinuationToken: token }),
    );
    const read = Contents.flatMap(({ Key = '' }) => index.read(Key) ?? []);
    entries.push(...read.filter(({ queuedAt }) => queuedAt.getTime() >= from));
    token = NextContinuationToken;
    if (token === undefined || read.some(({ queuedAt }) => queuedAt.getTime() < from)) break;
  }
  return entries;
}

/** Undefined for an entry of a job that was deleted, or sent again since. */
async function readEntry(farm: Pick<Farm, 'address' | 'output'>, { jobId, queuedAt }: Entry) {
  const state = await readJob(farm, jobId);
  return state && Date.parse(state.queuedAt) === queuedAt.getTime() ? state : undefined;
}

function hourOf(
  start: number,
  jobs: number,
  states: readonly JobState[],
  machine: FarmMachine | undefined,
): Hour {
  const films = states.flatMap(({ film }) => film ?? []);
  const costs = films.flatMap((film) => costOf(film, machine) ?? []);
  return {
    at: new Date(start).toISOString(),
    jobs,
    succeeded: states.filter(({ state }) => state === 'succeeded').length,
    failed: states.filter(({ state }) => state === 'failed').length,
    waitSeconds: median(states.flatMap(({ timings }) => timings.waitSeconds ?? [])),
    speed: median(states.flatMap(({ timings }) => timings.speed ?? [])),
    usd: costs.length === 0 ? null : costs.reduce((sum, usd) => sum + usd, 0),
  };
}

/** What the workers' time costs, however many made the film: by the same speeds and prices as an estimate. */
function costOf({ renditions, durationSeconds }: Film, found: FarmMachine | undefined): number | undefined {
  const sizes = renditions.flatMap(({ width, height, frameRate }) =>
    width && height ? [{ width, height, frameRate }] : [],
  );
  const [largest] = sizes.toSorted((a, b) => b.width * b.height - a.width * a.height);
  if (found === undefined || found.machine.kind === 'here' || largest === undefined) return undefined;
  const { machine, settings } = found;
  const speed = speedOf(machine, {
    sourcePixels: largest.width * largest.height,
    framesPerSecond: largest.frameRate ?? 30,
    renditions: sizes,
    preset: machine.kind === 'gpu' ? settings.encoding.nvencPreset : settings.encoding.x264Preset,
  });
  const usd = hourUsd(machine, machine.markets[0] ?? 'onDemand');
  return usd && (durationSeconds / speed.filmSecondsPerSecond / 3600) * usd;
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}
