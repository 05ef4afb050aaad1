import { headersFor } from '../protocol/content-types.ts';
import { JobFolder, type PlanFolder } from '../protocol/job-folder.ts';
import type { Store } from '../storage/store.ts';
import { committedPlan } from './film-record.ts';

/**
 * `<output prefix>.replaced/<job id>/<plan>.json`: a film that another plan of its job has replaced. Players that hold its
 * playlists go on for a while, and a CDN hands them out for a minute more, so its files stay until the marker is old enough.
 * Any worker of the farm that publishes a film removes what is due. No job id begins with a dot.
 */
export const replacedFolder = (outputPrefix: string) => `${outputPrefix}.replaced/`;

/** A film whose files wait to be removed. */
export interface ReplacedFilm {
  jobId: string;
  planId: string;
  /** By storage's clock. */
  replacedAt: Date;
}

const markerOf = ({ job, planId }: PlanFolder) =>
  `${replacedFolder(job.outputPrefix)}${job.jobId}/${planId}.json`;

/** Reads a marker as it stands in a listing. */
export function parseReplaced(
  outputPrefix: string,
  { key, lastModified }: { key: string; lastModified?: Date },
): ReplacedFilm | undefined {
  const match = /^([^/]+)\/([^/]+)\.json$/.exec(key.slice(replacedFolder(outputPrefix).length));
  const [, jobId, planId] = match ?? [];
  if (jobId === undefined || planId === undefined || lastModified === undefined) return undefined;
  return { jobId, planId, replacedAt: lastModified };
}

/** Notes that a plan was replaced, unless that is noted already: the first time counts. */
export async function markReplaced(output: Store, folder: PlanFolder, signal: AbortSignal): Promise<void> {
  const key = markerOf(folder);
  if ((await output.head(key, signal)) !== undefined) return;
  await output.put(key, '{}', { ...headersFor('replaced.json'), signal });
}

/** The plan is wanted again: whoever removes what is due leaves it alone from now on. */
export function unmarkReplaced(output: Store, folder: PlanFolder, signal: AbortSignal): Promise<void> {
  return output.remove([markerOf(folder)], signal);
}

/** Whether the plan was committed once: its record is written just before the commit. */
export async function wasCommitted(
  output: Store,
  { filmRecord }: PlanFolder,
  signal: AbortSignal,
): Promise<boolean> {
  return (await output.head(filmRecord, signal)) !== undefined;
}

/**
 * Removes the files of films that were replaced long enough ago.
 * @param now storage's time, as the markers' times are
 * @returns how many films
 */
export async function removeDue(
  output: Store,
  outputPrefix: string,
  { now, keepSeconds }: { now: Date; keepSeconds: number },
  signal: AbortSignal,
): Promise<number> {
  const due: PlanFolder[] = [];
  for await (const object of output.list(replacedFolder(outputPrefix), signal)) {
    const film = parseReplaced(outputPrefix, object);
    const ageSeconds = film ? (now.getTime() - film.replacedAt.getTime()) / 1000 : 0;
    if (film && (keepSeconds === 0 || ageSeconds >= keepSeconds))
      due.push(new JobFolder(outputPrefix, film.jobId).plan(film.planId));
  }
  let films = 0;
  for (const folder of due) {
    if ((await committedPlan(output, folder.job, signal)) !== folder.planId) {
      await removeAll(output, folder.prefix, signal);
      films += 1;
    }
    await unmarkReplaced(output, folder, signal);
  }
  return films;
}

/** Not all objects below a prefix could be removed. */
export class ObjectsLeftError extends Error {
  override readonly name = 'ObjectsLeftError';
}

/** As many as one call to storage removes. */
const keysPerCall = 1000;

/**
 * @returns how many objects
 * @throws ObjectsLeftError that says how many are left
 */
export async function removeAll(output: Store, prefix: string, signal: AbortSignal): Promise<number> {
  const keys: string[] = [];
  for await (const { key } of output.list(prefix, signal)) keys.push(key);
  for (let removed = 0; removed < keys.length; removed += keysPerCall) {
    await output.remove(keys.slice(removed, removed + keysPerCall), signal).catch((error: unknown) => {
      const left = `${keys.length - removed} of ${keys.length} objects below "${prefix}" are left`;
      throw new ObjectsLeftError(left, { cause: error });
    });
  }
  return keys.length;
}
