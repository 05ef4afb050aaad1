import { headersFor } from '../protocol/content-types.ts';
import { JobFolder, type PlanFolder } from '../protocol/job-folder.ts';
import type { Store } from '../storage/store.ts';
import { committedPlan } from './film-record.ts';
import { removeAll, wasCommitted } from './replaced.ts';

/**
 * `<output prefix>.unfinished/<job id>/<plan>.json`: a plan whose film will never be whole, and whose files are being
 * removed. The mark goes last, so whoever comes next finds what a lost worker or a long outage has left. No job id begins
 * with a dot.
 */
export const unfinishedFolder = (outputPrefix: string) => `${outputPrefix}.unfinished/`;

const markOf = ({ job, planId }: PlanFolder) =>
  `${unfinishedFolder(job.outputPrefix)}${job.jobId}/${planId}.json`;

/** Reads a mark's key. */
export function parseUnfinished(outputPrefix: string, key: string): PlanFolder | undefined {
  const folder = unfinishedFolder(outputPrefix);
  const match = /^([^/]+)\/([^/]+)\.json$/.exec(key.startsWith(folder) ? key.slice(folder.length) : '');
  const [, jobId, planId] = match ?? [];
  if (jobId === undefined || planId === undefined) return undefined;
  return new JobFolder(outputPrefix, jobId).plan(planId);
}

/**
 * Removes what a plan has published of a film that will never be whole, unless that plan is or was the committed one.
 * @returns how many objects
 */
export async function removeUnfinished(
  output: Store,
  folder: PlanFolder,
  signal: AbortSignal,
): Promise<number> {
  // Players may still be at a film that was replaced.
  const isFilm =
    (await committedPlan(output, folder.job, signal)) === folder.planId ||
    (await wasCommitted(output, folder, signal));
  if (isFilm) return 0;
  await output.put(markOf(folder), '{}', { ...headersFor('unfinished.json'), signal });
  const objects = await removeAll(output, folder.prefix, signal);
  await unmarkUnfinished(output, folder, signal);
  return objects;
}

/** The plan is wanted again: whoever goes on with removals leaves it alone from now on. */
export function unmarkUnfinished(output: Store, folder: PlanFolder, signal: AbortSignal): Promise<void> {
  return output.remove([markOf(folder)], signal);
}

/**
 * Goes on with removals that earlier workers began.
 * @param isMade whether a plan is being made again
 * @returns how many plans are gone
 */
export async function finishRemovals(
  output: Store,
  outputPrefix: string,
  isMade: (folder: PlanFolder) => Promise<boolean>,
  signal: AbortSignal,
): Promise<number> {
  const begun: PlanFolder[] = [];
  for await (const { key } of output.list(unfinishedFolder(outputPrefix), signal)) {
    const folder = parseUnfinished(outputPrefix, key);
    if (folder !== undefined) begun.push(folder);
  }
  let plans = 0;
  for (const folder of begun) {
    const isWanted =
      (await isMade(folder)) ||
      (await committedPlan(output, folder.job, signal)) === folder.planId ||
      (await wasCommitted(output, folder, signal));
    if (!isWanted) {
      await removeAll(output, folder.prefix, signal);
      plans += 1;
    }
    await unmarkUnfinished(output, folder, signal);
  }
  return plans;
}
