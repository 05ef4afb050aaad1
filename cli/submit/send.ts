import { randomUUID } from 'node:crypto';
import { sourcesOf } from '../../worker/src/protocol/clips.ts';
import type { Job } from '../../worker/src/protocol/job.ts';
import { eventJobId } from '../../worker/src/protocol/source-event.ts';
import type { Farm } from '../farm/farm.ts';
import { readJob } from '../farm/jobs.ts';
import { publishJob } from '../farm/publish-job.ts';
import { whyWaiting } from '../upload/patience.ts';
import { type Uploaded, type UploadOptions, uploadFile } from '../upload/upload.ts';
import { type Place, type PlannedFilm, versionName } from './film.ts';
import type { JoinedFilm } from './join.ts';
import { findUsedUpload } from './used-upload.ts';

export interface SubmittedJob {
  id: string;
  source: string;
  /** What made the job. */
  by: 'upload' | 'message';
}

/**
 * Makes one job of a film. Its id is the one that its upload's event gives, so the same film sent twice is one job. The
 * record of an upload stays until the job is sent, so a repetition of the command sends the job alone.
 */
export async function submitFilm(
  film: PlannedFilm | JoinedFilm,
  farm: Farm,
  source: Farm['source'],
  options: UploadOptions,
): Promise<SubmittedJob> {
  if (film.kind === 'joined') return submitJoined(film, farm, source, options);
  if (film.kind === 'there') return sendJob(farm, film.job, randomUUID(), options);
  const { bucket, key, path } = film;
  const findUsed = async (etag: string, requestId: string) => {
    const isMade = async (id: string) => {
      const made = await readJob(farm, film.sendJob ? film.job(id).id : id);
      // An id of the user's own may be that of an earlier film.
      return film.sendJob ? made?.requestId === requestId : made !== undefined;
    };
    return (await findUsedUpload(farm, { key, etag }, isMade))?.object;
  };
  const uploaded = await uploadFile(source, bucket, key, path, { ...options, findUsed });
  const eventId = eventJobId(bucket, key, versionName(uploaded.versionId, uploaded.etag));
  const job: SubmittedJob = film.sendJob
    ? await sendJob(farm, film.job(eventId), uploaded.requestId, options)
    : { id: eventId, source: `s3://${bucket}/${key}`, by: 'upload' };
  await options.records?.forget(uploaded.version);
  return job;
}

/** Uploads what is not there yet of a film's clips, and makes one job of all. */
async function submitJoined(
  film: JoinedFilm,
  farm: Farm,
  source: Farm['source'],
  options: UploadOptions,
): Promise<SubmittedJob> {
  const uploads: [place: Place, uploaded: Uploaded][] = [];
  const files = film.places.filter(({ upload }) => upload !== undefined);
  for (const [n, place] of files.entries()) {
    if (place.upload === undefined) continue;
    const { bucket, key, path } = place.upload;
    const onShare = (share: number) => options.onShare((n + share) / files.length);
    uploads.push([place, await uploadFile(source, bucket, key, path, { ...options, onShare })]);
  }
  const versions = new Map(
    uploads.map(([place, { versionId, etag }]) => [place, versionName(versionId, etag)] as const),
  );
  // The same command again is the same request, as the records of its uploads are.
  const requestId = uploads.map(([, uploaded]) => uploaded.requestId)[0] ?? randomUUID();
  const job = await sendJob(farm, film.job(versions), requestId, options);
  for (const [, { version }] of uploads) await options.records?.forget(version);
  return job;
}

/** The request's id makes one request of what is sent twice. */
export async function sendJob(
  farm: Farm,
  job: Job,
  requestId: string,
  { signal, onWait }: Pick<UploadOptions, 'signal' | 'onWait'>,
): Promise<SubmittedJob> {
  await publishJob(farm, job, { requestId, signal, onRetry: (error) => onWait?.(whyWaiting(error)) });
  return { id: job.id, source: sourcesOf(job).join(' + '), by: 'message' };
}
