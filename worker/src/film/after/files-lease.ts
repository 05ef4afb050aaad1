import { randomUUID } from 'node:crypto';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { TranscodeRun } from '../film.ts';
import { HeldLeases } from '../session/held-leases.ts';
import { isLive } from '../session/view.ts';

/**
 * Does what only one worker at a time may do to a published film: make its files, change its subtitles.
 * @param work gets the run with a signal that also says that another worker has taken over
 * @returns undefined while another worker is at it
 */
export async function holdFilesLease<T>(
  folder: PlanFolder,
  run: TranscodeRun,
  work: (run: TranscodeRun) => Promise<T>,
): Promise<T | undefined> {
  const { stores, log, signal } = run;
  const lost = new AbortController();
  const leases = new HeldLeases({
    output: stores.output,
    owner: randomUUID(),
    messageId: run.messageId,
    leaseSeconds: run.leaseSeconds,
    progressOf: () => undefined,
    onLost: () => lost.abort(new Error('Another worker has taken over the files of this film.')),
    log,
  });
  if (!(await acquire(leases, folder, run))) return undefined;
  try {
    return await work({ ...run, signal: AbortSignal.any([signal, lost.signal]) });
  } catch (error) {
    if (lost.signal.aborted && !signal.aborted) {
      log.warn({ err: error }, 'another worker makes the files of this film');
      return undefined;
    }
    throw error;
  } finally {
    await leases.releaseAll(AbortSignal.timeout(5000)).catch((error: unknown) => {
      log.warn({ err: error }, 'could not release the lease of the files; it becomes stale');
    });
  }
}

async function acquire(
  leases: HeldLeases,
  { filesLease }: PlanFolder,
  { stores, leaseSeconds, signal }: TranscodeRun,
): Promise<boolean> {
  const { at, objects } = await stores.output.listAll(filesLease, signal);
  const lease = objects.find(({ key }) => key === filesLease);
  if (lease !== undefined && isLive(lease, at, leaseSeconds)) return false;
  return leases.acquire(filesLease, lease?.etag, signal);
}
