import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { InterruptedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { removeUnfinished } from '../publish/clean-up.ts';
import { headersFor } from '../publish/content-types.ts';
import { jobFolder } from '../publish/keys.ts';
import { readJson } from '../storage/read-json.ts';
import type { Store } from '../storage/store.ts';

/**
 * `<job id>/stop.json` in the output bucket: every worker that works on the job ends that work within seconds, and a
 * message of the job that waits ends when it is taken. It counts for what entered the queue before it was written; a job
 * that is sent or redriven afterwards is done as any other.
 */
const stopSchema = z.object({
  /** Becomes the job's error: `cancelled`, or why one of its parts can't be made. */
  code: z.string(),
  message: z.string(),
  at: z.iso.datetime(),
  /** What is recorded of the film stays, for when the job is redriven. Without it, it is removed. */
  keepParts: z.boolean().optional(),
});

export type Stop = z.infer<typeof stopSchema>;

/** @param outputPrefix empty or ending in "/" */
export function stopKey(outputPrefix: string, jobId: string): string {
  return `${jobFolder(outputPrefix, jobId)}stop.json`;
}

/** Stops a job. @param signal ends the tries */
export async function writeStop(
  output: Store,
  outputPrefix: string,
  jobId: string,
  stop: Stop,
  signal: AbortSignal,
): Promise<void> {
  await output.put(stopKey(outputPrefix, jobId), JSON.stringify(stop), {
    ...headersFor('stop.json'),
    signal,
  });
}

/** The stop that holds for what entered the queue at `queuedAt`, if there is one. One that can't be read is none. */
export async function readStop(
  output: Store,
  outputPrefix: string,
  jobId: string,
  queuedAt: Date,
  signal: AbortSignal,
): Promise<Stop | undefined> {
  const stop = await readJson(output, stopKey(outputPrefix, jobId), stopSchema, signal);
  return stop !== undefined && Date.parse(stop.at) > queuedAt.getTime() ? stop : undefined;
}

/** Stops as one worker meets them. */
export interface Stops {
  /** Before the work. Undefined also where storage does not answer: the watch will tell. */
  read(jobId: string, queuedAt: Date): Promise<Stop | undefined>;
  /** Looks now and every few seconds. @param signal of the work; the watch's own is aborted with it */
  watch(jobId: string, queuedAt: Date, signal: AbortSignal): StopWatch;
  /** Tries for a while; a stop that can't be written only means that others go on longer. */
  write(jobId: string, stop: Omit<Stop, 'at'>): Promise<void>;
  /** Removes what a stopped plan has published. */
  tidy(jobId: string, planId: string | undefined): Promise<void>;
}

export interface StopWatch {
  readonly signal: AbortSignal;
  stopped(): Stop | undefined;
  end(): void;
}

/** Between two looks for a stop. */
const lookSeconds = 5;
const readMs = 3000;
const writeMs = 10_000;

export function createStops(output: Store, outputPrefix: string, log: Logger): Stops {
  const couldNot = (what: string, jobId: string) => (error: unknown) => {
    log.warn({ err: error, job: jobId }, `could not ${what}`);
    return undefined;
  };

  return {
    read: (jobId, queuedAt) =>
      readStop(output, outputPrefix, jobId, queuedAt, AbortSignal.timeout(readMs)).catch(
        couldNot('look whether the job is stopped', jobId),
      ),
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
    async write(jobId, stop) {
      const content = { ...stop, at: new Date().toISOString() };
      await writeStop(output, outputPrefix, jobId, content, AbortSignal.timeout(writeMs)).catch(
        couldNot('stop what other workers do for the job', jobId),
      );
    },
    async tidy(jobId, planId) {
      if (planId === undefined) return;
      await removeUnfinished({ output, outputPrefix, jobId, planId }, AbortSignal.timeout(writeMs)).catch(
        couldNot('remove what the stopped job has published', jobId),
      );
    },
  };
}
