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

/**
 * `<output prefix>.replaced/<job id>/<plan>/early.json`: the playlists of early play of a film that is published by now. Players
 * that began with them go on for a while.
 */
const earlyMarkerOf = ({ job, planId }: PlanFolder) =>
  `${replacedFolder(job.outputPrefix)}${job.jobId}/${planId}/early.json`;

interface EndedEarlyPlay {
  folder: PlanFolder;
  /** By storage's clock. */
  endedAt: Date;
}

function parseEarly(
  outputPrefix: string,
  { key, lastModified }: { key: string; lastModified?: Date },
): EndedEarlyPlay | undefined {
  const match = /^([^/]+)\/([^/]+)\/early\.json$/.exec(key.slice(replacedFolder(outputPrefix).length));
  const [, jobId, planId] = match ?? [];
  if (jobId === undefined || planId === undefined || lastModified === undefined) return undefined;
  return { folder: new JobFolder(outputPrefix, jobId).plan(planId), endedAt: lastModified };
}

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
export function markReplaced(output: Store, folder: PlanFolder, signal: AbortSignal): Promise<void> {
  return mark(output, markerOf(folder), signal);
}

/** Notes that the playlists of early play wait to be removed, unless that is noted already. */
export function markEarlyEnded(output: Store, folder: PlanFolder, signal: AbortSignal): Promise<void> {
  return mark(output, earlyMarkerOf(folder), signal);
}

async function mark(output: Store, key: string, signal: AbortSignal): Promise<void> {
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
 * Removes the files of films that were replaced long enough ago, and playlists of early play that ended as long ago.
 * @param now storage's time, as the markers' times are
 * @returns how many films
 */
export async function removeDue(
  output: Store,
  outputPrefix: string,
  { now, keepSeconds }: { now: Date; keepSeconds: number },
  signal: AbortSignal,
): Promise<number> {
  const isDue = (since: Date) => keepSeconds === 0 || (now.getTime() - since.getTime()) / 1000 >= keepSeconds;
  const due: PlanFolder[] = [];
  const early: PlanFolder[] = [];
  for await (const object of output.list(replacedFolder(outputPrefix), signal)) {
    const film = parseReplaced(outputPrefix, object);
    if (film && isDue(film.replacedAt)) due.push(new JobFolder(outputPrefix, film.jobId).plan(film.planId));
    const ended = parseEarly(outputPrefix, object);
    if (ended && isDue(ended.endedAt)) early.push(ended.folder);
  }
  for (const folder of early) {
    await removeAll(output, folder.early, signal);
    await output.remove([earlyMarkerOf(folder)], signal);
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
