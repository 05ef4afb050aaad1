import { randomUUID } from 'node:crypto';
import type { Logger } from '../../log.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { TranscodeRun } from '../film.ts';
import { HeldLeases } from '../session/held-leases.ts';
import { isLive } from '../session/view.ts';

type LeaseRun = Pick<TranscodeRun, 'stores' | 'messageId' | 'leaseSeconds' | 'log' | 'signal'>;

/** What only one worker at a time may do to a film: make its files, change its subtitles. */
export class FilesLease {
  readonly #key: string;
  readonly #leases: HeldLeases;
  readonly #lost: AbortController;
  readonly #log: Logger;

  private constructor(key: string, leases: HeldLeases, lost: AbortController, log: Logger) {
    this.#key = key;
    this.#leases = leases;
    this.#lost = lost;
    this.#log = log;
  }

  /** @returns undefined while another worker has it */
  static async take({ filesLease: key }: PlanFolder, run: LeaseRun): Promise<FilesLease | undefined> {
    const { stores, messageId, leaseSeconds, log, signal } = run;
    const lost = new AbortController();
    const leases = new HeldLeases({
      output: stores.output,
      owner: randomUUID(),
      messageId,
      leaseSeconds,
      progressOf: () => undefined,
      onLost: () => lost.abort(new Error('Another worker has taken over the files of this film.')),
      log,
    });
    const { at, objects } = await stores.output.listAll(key, signal);
    const found = objects.find((object) => object.key === key);
    if (found !== undefined && isLive(found, at, leaseSeconds)) return undefined;
    const lease = new FilesLease(key, leases, lost, log);
    try {
      return (await leases.acquire(key, found?.etag, signal)) ? lease : undefined;
    } catch (error) {
      // It may have been written all the same.
      await lease.release();
      throw error;
    }
  }

  /** Aborted when another worker has taken over. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** For certain: after a standstill of this process storage is asked. */
  async isHeld(signal: AbortSignal): Promise<boolean> {
    return !this.lost.aborted && (await this.#leases.stillHolds(this.#key, signal));
  }

  async release(): Promise<void> {
    await this.#leases.releaseAll(AbortSignal.timeout(5000)).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'could not release the lease of the files; it becomes stale');
    });
  }
}

/**
 * Does what only one worker at a time may do to a published film.
 * @param work gets the run with a signal that also says that another worker has taken over
 * @param held where this worker has the lease already; it is released with the work
 * @returns undefined while another worker is at it
 */
export async function holdFilesLease<T>(
  folder: PlanFolder,
  run: TranscodeRun,
  work: (run: TranscodeRun) => Promise<T>,
  held?: FilesLease,
): Promise<T | undefined> {
  const { log, signal } = run;
  const lease = held ?? (await FilesLease.take(folder, run));
  if (lease === undefined) return undefined;
  const { lost } = lease;
  try {
    return await work({ ...run, signal: AbortSignal.any([signal, lost]) });
  } catch (error) {
    if (lost.aborted && !signal.aborted) {
      log.warn({ err: error }, 'another worker makes the files of this film');
      return undefined;
    }
    throw error;
  } finally {
    await lease.release();
  }
}
