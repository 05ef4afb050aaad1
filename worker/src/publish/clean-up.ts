import type { PlanFolder } from '../protocol/job-folder.ts';
import type { Film } from '../protocol/status.ts';
import type { Store } from '../storage/store.ts';
import { markEarlyEnded, markReplaced, removeAll, removeDue, unmarkReplaced } from './replaced.ts';

/**
 * After the commit: removes what plans that were never committed have left, and the leases and marks of this one's workers. Its
 * playlists of early play, and films that this one replaces, stay for `keepSeconds`; those of the whole farm that are due are removed.
 * @param keepBegun a later request for the job may be making its film by now, so plans without a film stay
 */
export async function removeOlder(
  output: Store,
  folder: PlanFolder,
  { keepSeconds, keepBegun = false }: { keepSeconds: number; keepBegun?: boolean },
  signal: AbortSignal,
): Promise<{ objects: number; films: number }> {
  const { job } = folder;
  const stale: string[] = [];
  const others = new Map<string, string[]>();
  const top = new Set<string>();
  let hasEarly = false;
  for await (const { key } of output.list(job.prefix, signal)) {
    const [planId = '', ...rest] = key.slice(job.prefix.length).split('/');
    if (rest.length === 0) top.add(key);
    hasEarly ||= key.startsWith(folder.early);
    const isMark = folder.readPartKey(key)?.kind === 'early-end';
    if (isMark || (key.startsWith(folder.leases) && !isOfFiles(key, folder))) stale.push(key);
    else if (rest.length > 0 && planId !== folder.planId)
      others.set(planId, [...(others.get(planId) ?? []), key]);
  }
  for (const [planId, keys] of others) {
    const other = job.plan(planId);
    if (keys.includes(other.filmRecord)) await markReplaced(output, other, signal);
    else if (!keepBegun) stale.push(...keys);
  }
  // The film of an earlier request was files alone.
  if (top.has(job.commit) && top.has(job.filesCommit)) stale.push(job.filesCommit);
  await output.remove(stale, signal);
  await unmarkReplaced(output, folder, signal);
  if (hasEarly) await markEarlyEnded(output, folder, signal);
  const commit = top.has(job.commit) ? job.commit : job.filesCommit;
  const now = (await output.head(commit, signal))?.lastModified;
  const due = now && { now, keepSeconds };
  return { objects: stale.length, films: due ? await removeDue(output, job.outputPrefix, due, signal) : 0 };
}

/** Files are made after the commit, and by several workers where they are WebM: who makes them removes these leases. */
function isOfFiles(key: string, { filesLease, webmLeases }: PlanFolder): boolean {
  return key === filesLease || key.startsWith(webmLeases);
}

/**
 * Removes all of a film but its files, its poster and the record of it: what its stream consists of, and what it was made by.
 * @returns how many objects
 */
export async function removeStream(
  output: Store,
  folder: PlanFolder,
  { poster }: Pick<Film, 'poster'>,
  signal: AbortSignal,
): Promise<number> {
  const kept = new Set([folder.filmRecord, folder.filesLease, poster]);
  const stale: string[] = [];
  for await (const { key } of output.list(folder.prefix, signal))
    if (!kept.has(key) && !key.startsWith(folder.files)) stale.push(key);
  await output.remove(stale, signal);
  return stale.length;
}

/** After the commit: removes the renditions of the plan that the film does not name. @returns how many objects */
export async function removeUnnamed(
  output: Store,
  folder: PlanFolder,
  planned: readonly { name: string }[],
  named: readonly { name: string }[],
  signal: AbortSignal,
): Promise<number> {
  const left = planned.filter(({ name }) => !named.some((rendition) => rendition.name === name));
  let removed = 0;
  for (const { name } of left) removed += await removeAll(output, folder.file(`${name}/`), signal);
  return removed;
}
