import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { HeadObjectCommand, NotFound } from '@aws-sdk/client-s3';
import { type Job, jobSchema } from '../../worker/src/protocol/job.ts';
import { eventJobId } from '../../worker/src/protocol/source-event.ts';
import { parseSource } from '../../worker/src/protocol/source-location.ts';
import { UserError } from '../errors.ts';
import type { Farm } from '../farm/farm.ts';
import { formatBytes } from '../text/units.ts';
import { filmSize, openFilm } from '../upload/film-file.ts';
import { hasJobOptions, type JobFields } from './job-options.ts';
import { optionProblems } from './option-problems.ts';
import { planUpload, type UploadFilter } from './uploads.ts';

/** A film as it was named: on this machine, in a bucket, or on the web. */
export type Film = { name: string } & (
  | { kind: 'file'; path: string; key?: string }
  | { kind: 'object'; bucket: string; key: string }
  | { kind: 'web' }
);

/** Files on this machine come first; what is none is a key in the source bucket. @throws UserError */
export async function findFilm(name: string, sourceBucket: string, here: string): Promise<Film> {
  const place = parseSource(name, sourceBucket);
  if (place.kind === 'http') return { kind: 'web', name };
  if (/^(s3|https?):\/\//i.test(place.key))
    throw new UserError(`${name} names no film. Expected s3://BUCKET/KEY or an http(s) URL.`);
  if (!name.startsWith('s3://')) {
    const path = resolve(here, name);
    const found = await stat(path).catch(() => undefined);
    if (found) return { kind: 'file', name, path };
  }
  return { kind: 'object', name, bucket: place.bucket, key: place.key };
}

/** A film whose job is valid. */
export type PlannedFilm =
  /** A job can be sent for it now. */
  | { kind: 'there'; name: string; job: Job }
  /** It has to be uploaded first. */
  | {
      kind: 'file';
      name: string;
      path: string;
      bucket: string;
      key: string;
      job: (id: string) => Job;
      sendJob: boolean;
    };

export interface Wanted {
  jobOptions: JobFields;
  /** Instead of the one that the film's version gives. */
  id?: string | undefined;
}

/**
 * Plans a film's job, and refuses what can be refused before the first byte goes up.
 * @throws UserError
 */
export async function planFilm(
  film: Film,
  farm: Farm,
  filters: readonly UploadFilter[],
  { id, jobOptions }: Wanted,
): Promise<PlannedFilm> {
  const place = await placeFilm(film, farm, filters, hasJobOptions(jobOptions) || id !== undefined);
  const { name, source, upload } = place;
  const job = (eventId: string) => validJob({ id: id ?? eventId, source, ...jobOptions });
  if (upload === undefined) return { kind: 'there', name, job: job(place.eventId) };
  job(place.eventId);
  return { kind: 'file', name, ...upload, job };
}

/** Where a film is, or where it is to go. */
export interface Place {
  name: string;
  /** As the job names it. */
  source: string;
  /** Undefined where it is only known after the upload, and on the web. */
  version?: string;
  /** The job's id by the film's version, as far as that is known. */
  eventId: string;
  /** Of a film that has to be uploaded first. */
  upload?: { path: string; bucket: string; key: string; sendJob: boolean };
}

/** @throws UserError for a film that is not there, or that can't be uploaded */
export async function placeFilm(
  film: Film,
  farm: Farm,
  filters: readonly UploadFilter[],
  hasOptions: boolean,
): Promise<Place> {
  const { name } = film;
  if (film.kind === 'web') return { name, source: name, eventId: eventJobId('', name, '') };
  if (film.kind === 'object') {
    const version = await versionOf(farm, film);
    const eventId = eventJobId(film.bucket, film.key, version);
    return { name, source: `s3://${film.bucket}/${film.key}`, version, eventId };
  }
  const { path } = film;
  const sizeBytes = await filmSize(path);
  if (farm.address.local) assertFitsLocalStorage(path, sizeBytes);
  await (await openFilm(path)).close();
  const bucket = farm.address.sourceBucket;
  const { key, sendJob } = planUpload(film.key ?? basename(path), filters, hasOptions);
  const eventId = eventJobId(bucket, key, '');
  return { name, source: `s3://${bucket}/${key}`, eventId, upload: { path, bucket, key, sendJob } };
}

/** A local farm's storage writes an object in one go, which Node does not do beyond this. */
const localStorageBytes = 2 ** 31 - 1;

function assertFitsLocalStorage(path: string, sizeBytes: number): void {
  if (sizeBytes <= localStorageBytes) return;
  throw new UserError(
    `${path} has ${formatBytes(sizeBytes)}, and a local farm's storage takes less than 2 GiB. ` +
      `Give the film to the demo itself, which reads it where it lies: farm demo ${JSON.stringify(path)}`,
  );
}

export function validJob(job: Job): Job {
  const parsed = jobSchema.safeParse(job);
  if (parsed.success) return parsed.data;
  throw new UserError(optionProblems(parsed.error, job));
}

async function versionOf(
  { source }: Farm,
  { bucket, key, name }: { bucket: string; key: string; name: string },
): Promise<string> {
  try {
    // A requester-pays bucket refuses others; the look costs less than a thousandth of a cent.
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key, RequestPayer: 'requester' });
    const { ETag, VersionId } = await source.send(command);
    return versionName(VersionId, ETag);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new UserError(
      name.startsWith('s3://')
        ? `There is no object ${name}.`
        : `${name} is neither a file here nor an object in bucket ${bucket}.`,
    );
  }
}

/** As events name it: `null` on buckets without versions, and the ETag without quotes. */
export function versionName(versionId: string | undefined, etag: string | undefined): string {
  return versionId && versionId !== 'null' ? versionId : (etag ?? '').replaceAll('"', '');
}
