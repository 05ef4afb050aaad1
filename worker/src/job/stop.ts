import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoppedError } from '../errors.ts';
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
 * The stop that holds for what entered the queue at `queuedAt`, if there is one; one that can't be read is ignored. It compares the
 * clocks of the queue and of storage, never that of whoever stops the job: a laptop may be minutes off. Storage gives whole
 * seconds, so a stop holds for the whole second in which it was written.
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
  if (stop?.before !== undefined) return Date.parse(stop.before) > queuedAt.getTime() ? stop : undefined;
  const written = stop && (await output.head(key, signal))?.lastModified;
  if (stop === undefined || written === undefined) return undefined;
  const at = Math.floor(written.getTime() / 1000) * 1000 + 999;
  return at >= queuedAt.getTime() ? { ...stop, at: new Date(at).toISOString() } : undefined;
}

/** Looks for the stop of a job while its work runs. */
export interface StopWatch {
  /** Aborted with the signal of the work, and by a stop. */
  readonly signal: AbortSignal;
  stopped(): Stop | undefined;
  end(): void;
}

/** The job was sent again since. */
export const supersededCode = 'superseded';

const readMs = 3000;
const writeMs = 10_000;
/** Twelve calls remove the 12,000 objects of a long film. What takes longer is left to whoever comes next. */
const cleanUpMs = 60_000;
/** Without conditional writes: longer than two writes at the same moment lie apart. */
const settleMs = 500;

/** Stops as one worker meets them. Where storage does not answer, work goes on: the next look is seconds later. */
export class Stops {
  readonly #output: Store;
  readonly #outputPrefix: string;
  readonly #lookSeconds: number;
  readonly #log: Logger;

  /** @param lookSeconds between two looks for a stop */
  constructor(output: Store, outputPrefix: string, lookSeconds: number, log: Logger) {
    this.#output = output;
    this.#outputPrefix = outputPrefix;
    this.#lookSeconds = lookSeconds;
    this.#log = log;
  }

  /** By then every worker of the job has seen a stop, and reports no more progress. */
  get quietSeconds(): number {
    return this.#lookSeconds + 1;
  }

  /** Before the work. */
  read(jobId: string, queuedAt: Date): Promise<Stop | undefined> {
    const inTime = AbortSignal.timeout(readMs);
    return readStop(this.#output, this.#outputPrefix, jobId, queuedAt, inTime).catch(
      this.#warn('look whether the job is stopped', jobId),
    );
  }

  /** Looks now and every few seconds. @param signal of the work */
  watch(jobId: string, queuedAt: Date, signal: AbortSignal): StopWatch {
    const found = new AbortController();
    const ended = new AbortController();
    const warn = this.#warn('look whether the job is stopped', jobId);
    let stop: Stop | undefined;
    const look = async () => {
      while (!ended.signal.aborted) {
        stop = await readStop(this.#output, this.#outputPrefix, jobId, queuedAt, ended.signal).catch(
          (error: unknown) => (ended.signal.aborted ? undefined : warn(error)),
        );
        if (stop !== undefined) return found.abort(new StoppedError(stop.message));
        await sleep(this.#lookSeconds * 1000, undefined, { ref: false, signal: ended.signal });
      }
    };
    look().catch(() => {});
    return {
      signal: AbortSignal.any([signal, found.signal]),
      stopped: () => stop,
      end: () => ended.abort(),
    };
  }

  /**
   * Stops what other workers do for the job, unless it is stopped already.
   * @returns another's stop; undefined where this one holds, and where none can be written: others then only go on longer
   */
  async claim(jobId: string, queuedAt: Date, stop: Omit<Stop, 'at' | 'by'>): Promise<Stop | undefined> {
    const key = new JobFolder(this.#outputPrefix, jobId).stop;
    const own = { ...stop, at: new Date().toISOString(), by: randomUUID() };
    const write = async () => {
      const signal = AbortSignal.timeout(writeMs);
      // Before the read: a stop that another worker writes after it must not be replaced.
      const older = await this.#output.head(key, signal);
      const before = await readStop(this.#output, this.#outputPrefix, jobId, queuedAt, signal);
      if (before !== undefined) return before;
      const condition: PutCondition = older ? { kind: 'unchanged', etag: older.etag } : { kind: 'absent' };
      await this.#output.putIf(key, JSON.stringify(own), condition, { ...headersFor('stop.json'), signal });
      await sleep(settleMs);
      return undefined;
    };
    const before = await write().catch(this.#warn('stop what other workers do for the job', jobId));
    const holds = before ?? (await this.read(jobId, queuedAt));
    return holds?.by === own.by ? undefined : holds;
  }

  /**
   * Ends earlier requests of a job, which has come again: what still runs for them stops, and their messages do nothing when they
   * are handed out another time. Where nothing can be written, the film that is committed last stays.
   */
  async supersede(jobId: string, queuedAt: Date): Promise<void> {
    const key = new JobFolder(this.#outputPrefix, jobId).stop;
    const before = queuedAt.toISOString();
    const message = 'The job was sent again.';
    const stop: Stop = { code: supersededCode, message, at: new Date().toISOString(), before };
    const write = async () => {
      const signal = AbortSignal.timeout(writeMs);
      const older = await this.#output.head(key, signal);
      const found = older && (await readJson(this.#output, key, stopSchema, signal));
      if (found?.before === before || (await this.read(jobId, queuedAt)) !== undefined) return;
      const condition: PutCondition = older ? { kind: 'unchanged', etag: older.etag } : { kind: 'absent' };
      await this.#output.putIf(key, JSON.stringify(stop), condition, { ...headersFor('stop.json'), signal });
    };
    await write().catch(this.#warn('stop what is done for earlier requests of the job', jobId));
  }

  /** Whether this request has ended earlier ones. */
  async hasSuperseded(jobId: string, queuedAt: Date): Promise<boolean> {
    const key = new JobFolder(this.#outputPrefix, jobId).stop;
    const stop = await readJson(this.#output, key, stopSchema, AbortSignal.timeout(readMs)).catch(
      this.#warn('look whether the job was sent again', jobId),
    );
    return stop?.before === queuedAt.toISOString();
  }

  /** Removes what a stopped plan has published. */
  async cleanUp(jobId: string, planId: string | undefined): Promise<void> {
    if (planId === undefined) return;
    const folder = new JobFolder(this.#outputPrefix, jobId).plan(planId);
    await removeUnfinished(this.#output, folder, AbortSignal.timeout(cleanUpMs)).catch(
      this.#warn('remove all that the stopped job has published: whoever makes the next film goes on', jobId),
    );
  }

  #warn(what: string, jobId: string) {
    return (error: unknown): undefined => {
      this.#log.warn({ err: error, job: jobId }, `could not ${what}`);
      return undefined;
    };
  }
}
