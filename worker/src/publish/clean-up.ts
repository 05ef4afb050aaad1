import { isHandKey } from '../protocol/hand.ts';
import { jobFolder, planFolder } from '../protocol/keys.ts';
import type { Store } from '../storage/store.ts';
import { committedPlan } from './film-record.ts';

/** Where a job's plan is published. */
export interface PublishedPlan {
  output: Store;
  outputPrefix: string;
  jobId: string;
  planId: string;
}

/** After the commit: removes what other plans have left, and the hands of this one's workers. @returns how many objects */
export async function removeOlder(place: PublishedPlan, signal: AbortSignal): Promise<number> {
  const keep = planFolder(place.outputPrefix, place.jobId, place.planId);
  const root = jobFolder(place.outputPrefix, place.jobId);
  return removeWhere(
    place.output,
    root,
    (key) => isHandKey(key) || (!key.startsWith(keep) && key.slice(root.length).includes('/')),
    signal,
  );
}

/** Removes what a plan has published of a film that will never be whole, unless that plan is the committed one. */
export async function removeUnfinished(place: PublishedPlan, signal: AbortSignal): Promise<number> {
  const { output, outputPrefix, jobId, planId } = place;
  if ((await committedPlan(output, outputPrefix, jobId, signal)) === planId) return 0;
  return removeWhere(output, planFolder(outputPrefix, jobId, planId), () => true, signal);
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
