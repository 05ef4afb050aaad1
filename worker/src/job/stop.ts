import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { headersFor } from '../protocol/content-types.ts';
import { JobFolder } from '../protocol/job-folder.ts';
import { type Stop, stopSchema } from '../protocol/stop.ts';
import { removeUnfinished } from '../publish/unfinished.ts';
import { readJson } from '../storage/read-json.ts';
import type { PutCondition, Store } from '../storage/store.ts';

/** Stops a job. @param signal ends the tries */
export async function writeStop(
  output: Store,
  outputPrefix: string,
  jobId: string,
  stop: Stop,
  signal: AbortSignal,
): Promise<void> {
  await output.put(new JobFolder(outputPrefix, jobId).stop, JSON.stringify(stop), {
    ...headersFor('stop.json'),
    signal,
  });
}

/**
 * The stop that holds for what entered the queue at `queuedAt`, if there is one. One that can't be read is none. The clocks
 * that are compared are the queue's and storage's, never the one of who stops the job: a laptop may be minutes off. Storage
 * tells whole seconds, so a stop holds for the whole second in which it was written.
 * @returns the stop, `at` by storage's clock
 */
export async function readStop(
  output: Store,
  outputPrefix: string,
  jobId: string,
  queuedAt: Date,
  signal: AbortSignal,
): Promise<Stop | undefined> {
  const key = new JobFolder(outputPrefix, jobId).stop;
  const stop = await readJson(output, key, stopSchema, signal);
  const written = stop && (await output.head(key, signal))?.lastModified;
  if (stop === undefined || written === undefined) return undefined;
  const at = Math.floor(written.getTime() / 1000) * 1000 + 999;
  return at >= queuedAt.getTime() ? { ...stop, at: new Date(at).toISOString() } : undefined;
}

/** Stops as one worker meets them. */
export interface Stops {
  /** So long after a stop was written, every worker of the job has heard of it and says nothing more of progress. */
  quietSeconds: number;
  /** Before the work. Undefined also where storage does not answer: the watch will tell. */
  read(jobId: string, queuedAt: Date): Promise<Stop | undefined>;
  /** Looks now and every few seconds. @param signal of the work; the watch's own is aborted with it */
  watch(jobId: string, queuedAt: Date, signal: AbortSignal): StopWatch;
  /**
   * Stops what others do for the job, unless it is stopped already.
   * @returns another's stop; undefined where this one holds, and where none can be written: others then only go on longer
   */
  claim(jobId: string, queuedAt: Date, stop: Omit<Stop, 'at' | 'by'>): Promise<Stop | undefined>;
  /** Removes what a stopped plan has published. */
  cleanUp(jobId: string, planId: string | undefined): Promise<void>;
}

export interface StopWatch {
  readonly signal: AbortSignal;
  stopped(): Stop | undefined;
  end(): void;
}

const readMs = 3000;
const writeMs = 10_000;
/** Twelve calls remove the 12,000 objects of a long film. What takes longer is left to whoever comes next. */
const cleanUpMs = 60_000;
/** Without conditional writes: longer than two writes at the same moment lie apart. */
const settleMs = 500;

/** @param lookSeconds between two looks for a stop */
export function createStops(output: Store, outputPrefix: string, lookSeconds: number, log: Logger): Stops {
  const couldNot = (what: string, jobId: string) => (error: unknown) => {
    log.warn({ err: error, job: jobId }, `could not ${what}`);
    return undefined;
  };

  const read = (jobId: string, queuedAt: Date) =>
    readStop(output, outputPrefix, jobId, queuedAt, AbortSignal.timeout(readMs)).catch(
      couldNot('look whether the job is stopped', jobId),
    );

  return {
    quietSeconds: lookSeconds + 1,
    read,
    watch(jobId, queuedAt, signal) {
      const found = new AbortController();
      const ended = new AbortController();
      let stop: Stop | undefined;
      const look = async () => {
        while (!ended.signal.aborted) {
          stop = await readStop(output, outputPrefix, jobId, queuedAt, ended.signal).catch((error) =>
            ended.signal.aborted ? undefined : couldNot('look whether the job is stopped', jobId)(error),
          );
          if (stop !== undefined) return found.abort(new InterruptedError(stop.message));
          await sleep(lookSeconds * 1000, undefined, { ref: false, signal: ended.signal });
        }
      };
      look().catch(() => {});
      return {
        signal: AbortSignal.any([signal, found.signal]),
        stopped: () => stop,
        end: () => ended.abort(),
      };
    },
    async claim(jobId, queuedAt, stop) {
      const key = new JobFolder(outputPrefix, jobId).stop;
      const own = { ...stop, at: new Date().toISOString(), by: randomUUID() };
      const write = async () => {
        const signal = AbortSignal.timeout(writeMs);
        // Before the read: a stop that another worker writes after it must not be replaced.
        const older = await output.head(key, signal);
        const before = await readStop(output, outputPrefix, jobId, queuedAt, signal);
        if (before !== undefined) return before;
        const condition: PutCondition = older ? { kind: 'unchanged', etag: older.etag } : { kind: 'absent' };
        await output.putIf(key, JSON.stringify(own), condition, { ...headersFor('stop.json'), signal });
        await sleep(settleMs);
        return undefined;
      };
      const before = await write().catch(couldNot('stop what other workers do for the job', jobId));
      const holds = before ?? (await read(jobId, queuedAt));
      return holds?.by === own.by ? undefined : holds;
    },
    async cleanUp(jobId, planId) {
      if (planId === undefined) return;
      await removeUnfinished(
        output,
        new JobFolder(outputPrefix, jobId).plan(planId),
        AbortSignal.timeout(cleanUpMs),
      ).catch(
        couldNot('remove all that the stopped job has published: whoever makes the next film goes on', jobId),
      );
    },
  };
}
