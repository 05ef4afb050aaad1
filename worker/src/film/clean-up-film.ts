import { rungNames } from '../plan/ladder.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { JobFolder, type PlanFolder } from '../protocol/job-folder.ts';
import { isFinal } from '../protocol/report.ts';
import type { Film } from '../protocol/status.ts';
import { removeOlder, removeUnnamed } from '../publish/clean-up.ts';
import { endEarlyPlay } from '../publish/early-end.ts';
import { committedPlan } from '../publish/film-record.ts';
import { removeAll } from '../publish/replaced.ts';
import { finishRemovals } from '../publish/unfinished.ts';
import type { TranscodeRun } from './film.ts';

/** The film stays, and no message of the job comes that would clean up after it, unless the job was sent again. */
export async function cleanUpStopped(job: QueuedJob, film: Film, run: TranscodeRun): Promise<void> {
  const committed = await committedPlan(run.stores.output, folderOf(job, run), run.signal).catch(
    () => undefined,
  );
  if (committed !== film.plan) return;
  await cleanUpLater(job, film, run);
  const { webmParts, webmLeases } = folderOf(job, run).plan(film.plan);
  for (const prefix of [webmParts, webmLeases])
    await cleaner(run)(removeAll(run.stores.output, prefix, run.signal));
}

/** Like right after the commit, but a later request for the job may be making its film by now. */
export function cleanUpLater(job: QueuedJob, film: Film, run: TranscodeRun): Promise<void> {
  const folder = folderOf(job, run).plan(film.plan);
  const left = { renditions: rungNames.map((name) => ({ name })), keepBegun: true };
  return cleanUpAfter(folder, film, left, run);
}

export async function cleanUpAfter(
  folder: PlanFolder,
  film: Film,
  { renditions, keepBegun = false }: { renditions: readonly { name: string }[]; keepBegun?: boolean },
  run: TranscodeRun,
): Promise<void> {
  const { settings, stores, signal } = run;
  const { output } = stores;
  const { keepReplacedSeconds: keepSeconds } = settings;
  const cleanUp = cleaner(run);
  // The worker that committed the film may have been lost before it did so.
  if (keepBegun) await cleanUp(endEarlyPlay(output, folder, film, signal));
  await cleanUp(removeOlder(output, folder, { keepSeconds, keepBegun }, signal));
  await cleanUp(removeUnnamed(output, folder, renditions, film.renditions, signal));
  await cleanUp(finishRemovals(output, folder.job.outputPrefix, (other) => isMade(other, run), signal));
}

export function cleaner({ log }: TranscodeRun) {
  return (what: Promise<unknown>) =>
    what.catch((error: unknown) => log.warn({ err: error }, 'what is not needed could not be removed'));
}

/** Whether a job that was stopped is under way again, and may use what is there of a plan. */
async function isMade({ job }: PlanFolder, { readStatus }: TranscodeRun): Promise<boolean> {
  const status = await readStatus(job.jobId);
  return status !== undefined && !isFinal(status.state);
}

export function folderOf(
  { id }: Pick<QueuedJob, 'id'>,
  { settings }: Pick<TranscodeRun, 'settings'>,
): JobFolder {
  return new JobFolder(settings.output.prefix, id);
}
