import { join } from 'node:path';
import type { JobState } from '../../worker/src/protocol/status.ts';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import { UserError } from '../errors.ts';
import { isOver } from '../follow.ts';
import type { LocalFarm } from '../local-farm/farm.ts';
import { startFunctions } from '../local-farm/functions/start.ts';
import { startWorker, type WorkerProcess } from '../local-farm/worker.ts';
import { printable } from '../text/style.ts';

/** The demo's workers, each in a separate process. */
export interface DemoWorkers {
  /** The parts of a job's film that each has made, by their numbers, in the order in which they were done. */
  partsOf(jobId: string): number[][];
  /**
   * Follows a job for as long as there is a worker to do it.
   * @throws UserError with the last words of the last worker
   */
  untilOver(
    stop: AbortSignal,
    follow: (signal: AbortSignal) => Promise<JobState | undefined>,
  ): Promise<JobState>;
  /**
   * Kills a worker that helps to make the job's film, in the middle of its part. Functions can't be killed.
   * @returns its index; undefined while a single worker makes the film
   */
  killOne?(jobId: string): number | undefined;
  stop(): Promise<unknown>;
}

/** One segment of the default length: with parts of a minute, a clip of 20 s is nothing to share. */
const sharedPartSeconds = 6;

/** Workers, and before them a function, of which so many more calls make parts. */
export async function startWorkersBehindDoor(
  farm: LocalFarm,
  count: number,
  calls: number,
): Promise<DemoWorkers> {
  const workers = startWorkers(farm, count);
  const environment = { ...farm.environment, ...farm.doorEnvironment };
  const functions = await startFunctionWorkers({ ...farm, environment }, calls + 1);
  return {
    ...workers,
    partsOf: (jobId) => [...functions.partsOf(jobId), ...workers.partsOf(jobId)],
    stop: () => Promise.all([functions.stop(), workers.stop()]),
  };
}

/** Settings with which this many workers share a film; one makes it as it would in the cloud. */
export function sharingSettings(count: number): Partial<WorkerEnvironment> {
  return count === 1 ? {} : { WORKERS_PER_FILM: String(count), PART_SECONDS: String(sharedPartSeconds) };
}

export function startWorkers(farm: LocalFarm, count: number): DemoWorkers {
  const workers = Array.from({ length: count }, (_, index) =>
    startWorker(farm.environment, join(farm.dir, `worker-${index + 1}.log`)),
  );
  const exits: WorkerProcess[] = [];
  const allGone = Promise.all(workers.map((worker) => worker.exited.then(() => exits.push(worker))));
  return {
    partsOf: (jobId) => workers.map(({ log }) => partsRecorded(log, jobId)),
    async untilOver(stop, follow) {
      const gone = new AbortController();
      void allGone.then(() => gone.abort());
      const job = await follow(AbortSignal.any([stop, gone.signal]));
      stop.throwIfAborted();
      if (job && isOver(job)) return job;
      await allGone;
      throw await lastWords(exits.at(-1) as WorkerProcess);
    },
    killOne(jobId) {
      const index = workers.findLastIndex(({ log }) => hasJoined(log, jobId));
      if (index < 0) return undefined;
      workers[index]?.kill('SIGKILL');
      return index;
    },
    stop: () => Promise.all(workers.map((worker) => worker.stop(2))),
  };
}

/** The same as functions: a process for each call at once, made when a call needs it, standing still between two. */
export async function startFunctionWorkers(farm: LocalFarm, count: number): Promise<DemoWorkers> {
  const started = await startFunctions({ ...farm, concurrency: count });
  const { environments } = started.functions;
  return {
    partsOf: (jobId) =>
      Array.from({ length: count }, (_, index) => partsRecorded(environments[index]?.log ?? [], jobId)),
    async untilOver(stop, follow) {
      const job = await follow(stop);
      stop.throwIfAborted();
      if (job && isOver(job)) return job;
      throw new UserError('The functions ended before the job was done.');
    },
    stop: async () => started[Symbol.asyncDispose](),
  };
}

function partsRecorded(log: readonly string[], jobId: string): number[] {
  const parts = log.flatMap((line) => {
    const { job, msg, part } = parse(line);
    return job === jobId && msg === 'part recorded' && part !== undefined ? [part] : [];
  });
  return [...new Set(parts)];
}

/** The worker that planned the film does not join it. */
function hasJoined(log: readonly string[], jobId: string): boolean {
  return log.map(parse).some(({ job, msg }) => job === jobId && msg === 'joined a film');
}

async function lastWords({ exited, log }: WorkerProcess): Promise<UserError> {
  const { code, signal } = await exited;
  const lines = log.slice(-8).map(readable).join('\n  ');
  return new UserError(
    `The worker ended (${signal ?? `exit code ${code}`}) before the job was done. Its last words:\n  ${lines}`,
  );
}

/** A log line as a person reads it. */
function readable(line: string): string {
  const { msg, err } = parse(line);
  return printable([msg, err?.message].filter(Boolean).join(': ') || line);
}

interface LogLine {
  job?: string;
  msg?: string;
  part?: number;
  err?: { message?: string };
}

/** Nothing, where the line is not one of the worker's own. */
function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return {};
  }
}
