import { createHash } from 'node:crypto';
import { z } from 'zod';
import { headersFor } from '../protocol/content-types.ts';
import type { JobFolder, PlanFolder } from '../protocol/job-folder.ts';
import { type Film, filmSchema } from '../protocol/status.ts';
import { readJson } from '../storage/read-json.ts';
import type { Store } from '../storage/store.ts';

/** `<plan>/film.json`: written before the commit, so a committed film always has one. */
const filmRecordSchema = z.object({
  hash: z.string(),
  forcedBy: z.string().optional(),
  film: filmSchema,
});

type FilmRecord = z.output<typeof filmRecordSchema>;

/** What a film was asked for with. */
export interface FilmRequest {
  /** See `requestHash`. */
  hash: string;
  /** The request that forced it. */
  forcedBy?: string | undefined;
}

/** Everything that a film is made from, known before the source is opened: source version, settings, job options. */
export function requestHash(request: object): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

/** The film of a record, if it is what the request asks for. */
export function filmFor(record: FilmRecord | undefined, request: FilmRequest): Film | undefined {
  if (record === undefined || record.hash !== request.hash) return undefined;
  if (request.forcedBy !== undefined && record.forcedBy !== request.forcedBy) return undefined;
  return record.film;
}

/** The film that is committed for a job as a stream, if it is what the request asks for. */
export async function findStream(
  output: Store,
  folder: JobFolder,
  request: FilmRequest,
  signal: AbortSignal,
): Promise<Film | undefined> {
  const film = filmFor(await readFilmRecord(output, folder, signal), request);
  return film?.playlist === undefined ? undefined : film;
}

/** The film that is committed for a job, whatever it was asked for with. */
export async function publishedFilm(
  output: Store,
  folder: JobFolder,
  signal: AbortSignal,
): Promise<Film | undefined> {
  return (await readFilmRecord(output, folder, signal))?.film;
}

/** Replaces what is recorded of a committed film, which stays what it was asked for with. */
export async function saveFilm(
  output: Store,
  { filmRecord }: PlanFolder,
  film: Film,
  signal: AbortSignal,
): Promise<void> {
  const record = await readJson(output, filmRecord, filmRecordSchema, signal);
  if (record === undefined) throw new Error(`${filmRecord} is no longer in storage.`);
  await output.put(filmRecord, JSON.stringify({ ...record, film }), { ...headersFor(filmRecord), signal });
}

/**
 * What is recorded of the film that is committed for a job. Found without reading the source: the multivariant playlist names the
 * plan's folder, and the record in it says what that plan was made for.
 */
export async function readFilmRecord(
  output: Store,
  folder: JobFolder,
  signal: AbortSignal,
): Promise<FilmRecord | undefined> {
  const planId = await committedPlan(output, folder, signal);
  if (planId === undefined) return undefined;
  return readJson(output, folder.plan(planId).filmRecord, filmRecordSchema, signal);
}

const filesCommitSchema = z.object({ version: z.literal(1), plan: z.string() });

/** Of a film that is files alone from now on: names its plan, as the playlist did. */
export async function commitFiles(output: Store, folder: PlanFolder, signal: AbortSignal): Promise<void> {
  const key = folder.job.filesCommit;
  const body: z.infer<typeof filesCommitSchema> = { version: 1, plan: folder.planId };
  await output.put(key, JSON.stringify(body), { ...headersFor(key), signal });
}

/**
 * The plan that the job's multivariant playlist names: its URIs are `<plan>/<rendition>/index.m3u8`. Of a film that is files
 * alone, the one that `files.json` names.
 */
export async function committedPlan(
  output: Store,
  folder: JobFolder,
  signal: AbortSignal,
): Promise<string | undefined> {
  const playlist = await output.get(folder.commit, signal);
  if (playlist === undefined)
    return (await readJson(output, folder.filesCommit, filesCommitSchema, signal))?.plan;
  return playlist
    .toString('utf8')
    .split('\n')
    .find((line) => line !== '' && !line.startsWith('#'))
    ?.split('/')[0];
}
