import { isHandKey } from '../protocol/hand.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { Store } from '../storage/store.ts';
import { committedPlan } from './film-record.ts';

/** After the commit: removes what other plans have left, and the hands of this one's workers. @returns how many objects */
export async function removeOlder(output: Store, folder: PlanFolder, signal: AbortSignal): Promise<number> {
  const root = folder.job.prefix;
  const isOlder = (key: string) => !key.startsWith(folder.prefix) && key.slice(root.length).includes('/');
  return removeWhere(output, root, (key) => isHandKey(key) || isOlder(key), signal);
}

/** Removes what a plan has published of a film that will never be whole, unless that plan is the committed one. */
export async function removeUnfinished(
  output: Store,
  folder: PlanFolder,
  signal: AbortSignal,
): Promise<number> {
  if ((await committedPlan(output, folder.job, signal)) === folder.planId) return 0;
  return removeWhere(output, folder.prefix, () => true, signal);
}

async function removeWhere(
  output: Store,
  prefix: string,
  stale: (key: string) => boolean,
  signal: AbortSignal,
) {
  const keys: string[] = [];
  for await (const { key } of output.list(prefix, signal)) if (stale(key)) keys.push(key);
  await output.remove(keys, signal);
  return keys.length;
}
