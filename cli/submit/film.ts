import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { HeadObjectCommand, NotFound } from '@aws-sdk/client-s3';
import { PublishCommand } from '@aws-sdk/client-sns';
import { type Job, jobSchema } from '../../worker/src/protocol/job.ts';
import { eventJobId } from '../../worker/src/protocol/source-event.ts';
import { parseSource } from '../../worker/src/protocol/source-location.ts';
import { UserError } from '../errors.ts';
import type { Farm } from '../farm/farm.ts';
import type { UploadRecords } from '../upload/records.ts';
import { uploadFile } from '../upload/upload.ts';
import { hasJobOptions, type Wishes } from './job-options.ts';
import { planUpload, type UploadFilter } from './uploads.ts';

/** A film as it was named: on this machine, in a bucket, or on the web. */
export type Film = { name: string } & (
  | { kind: 'file'; path: string }
  | { kind: 'object'; bucket: string; key: string }
  | { kind: 'web' }
);

/** Files on this machine come first; what is none is a key in the source bucket. */
export async function findFilm(name: string, sourceBucket: string, here: string): Promise<Film> {
  const place = parseSource(name, sourceBucket);
  if (place.kind === 'http') return { kind: 'web', name };
  if (!name.startsWith('s3://')) {
    const path = resolve(here, name);
    const found = await stat(path).catch(() => undefined);
    if (found) return { kind: 'file', name, path };
  }
  return { kind: 'object', name, bucket: place.bucket, key: place.key };
}

export interface Submission {
  farm: Farm;
  filters: readonly UploadFilter[];
  wishes: Wishes;
  /** Instead of the one that the film's version gives. */
  id?: string;
  records: UploadRecords;
  signal: AbortSignal;
  onShare(share: number): void;
}

export interface SubmittedJob {
  id: string;
  source: string;
  /** What made the job. */
  by: 'upload' | 'message';
}

/**
 * Makes one job of a film. Its id is the one that its upload's event gives, so the same film sent twice is one job.
 */
export async function submitFilm(film: Film, submission: Submission): Promise<SubmittedJob> {
  const { farm, id, wishes, signal } = submission;
  if (film.kind === 'web') {
    return send(farm, { id: id ?? eventJobId('', film.name, ''), source: film.name, ...wishes });
  }
  if (film.kind === 'object') {
    const version = await versionOf(farm, film);
    const source = `s3://${film.bucket}/${film.key}`;
    return send(farm, { id: id ?? eventJobId(film.bucket, film.key, version), source, ...wishes });
  }
  const bucket = farm.address.sourceBucket;
  const plan = planUpload(basename(film.path), submission.filters, hasJobOptions(wishes) || id !== undefined);
  const { ETag, VersionId } = await uploadFile(farm.source, bucket, plan.key, film.path, {
    signal,
    records: submission.records,
    onShare: submission.onShare,
  });
  const source = `s3://${bucket}/${plan.key}`;
  const eventId = eventJobId(bucket, plan.key, versionName(VersionId, ETag));
  if (!plan.sendJob) return { id: eventId, source, by: 'upload' };
  return send(farm, { id: id ?? eventId, source, ...wishes });
}

/** To the topic: a message there wakes a farm that sleeps. */
async function send({ sns, address }: Farm, job: Job): Promise<SubmittedJob> {
  const parsed = jobSchema.safeParse(job);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new UserError(`The job can't be sent so: ${mistakes.join('; ')}.`);
  }
  await sns.send(new PublishCommand({ TopicArn: address.topicArn, Message: JSON.stringify(parsed.data) }));
  return { id: job.id, source: job.source, by: 'message' };
}

async function versionOf(
  { source }: Farm,
  { bucket, key, name }: { bucket: string; key: string; name: string },
): Promise<string> {
  try {
    const { ETag, VersionId } = await source.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return versionName(VersionId, ETag);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new UserError(`${name} is neither a file here nor an object in bucket ${bucket}.`);
  }
}

/** As events tell it: `null` on buckets without versions, and the ETag without quotes. */
function versionName(versionId: string | undefined, etag: string | undefined): string {
  return versionId && versionId !== 'null' ? versionId : (etag ?? '').replaceAll('"', '');
}
