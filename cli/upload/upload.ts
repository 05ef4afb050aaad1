import { randomUUID } from 'node:crypto';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type CallTiming, PatientCalls } from '../../worker/src/storage/calls.ts';
import { multipartEtag } from '../../worker/src/storage/completed.ts';
import { StorageError } from '../../worker/src/storage/errors.ts';
import { isMissing } from '../../worker/src/storage/s3-errors.ts';
import { assertUnchanged, filmSize, openFilm, readBytes } from './film-file.ts';
import { type PartsUpload, partBytesFor, putInParts } from './parts.ts';
import { maxRoundSeconds, uploadTiming, whyWaiting } from './patience.ts';
import type { FileVersion, UploadedObject, UploadRecord, UploadRecords } from './records.ts';

export interface UploadOptions {
  signal: AbortSignal;
  /** Called with how much of the file is there, 0 to 1. */
  onShare(share: number): void;
  /** Called when the upload has to wait, with the reason in words. The next share says that it goes on. */
  onWait?(why: string): void;
  /** Called when what an earlier run sent is gone, and the upload begins at 0. */
  onRestart?(): void;
  /**
   * Looks for the job of an upload that the storage has neither as an upload nor as an object any more: a worker may have made the film,
   * and have removed it.
   */
  findUsed?(etag: string, requestId: string): Promise<UploadedObject | undefined>;
  /** Where an upload is recorded until its job is sent, to go on from there. Without it, a failed one is taken back. */
  records?: UploadRecords | undefined;
  /** @default uploadTiming */
  timing?: CallTiming;
}

export interface Uploaded extends UploadedObject {
  /** Names the job's request through repetitions of the command. */
  requestId: string;
  /** To forget the record by, when the job is sent. */
  version: FileVersion;
}

/**
 * Puts a file into a bucket, large ones in parts. One that was cut off goes on with the parts that are missing, and one
 * that is complete is not sent again, as long as the file is the same.
 * @param s3 whose own retries are off
 * @throws UserError when it is not a file that can be read, or changes meanwhile
 */
export async function uploadFile(
  s3: S3Client,
  bucket: string,
  key: string,
  path: string,
  options: UploadOptions,
): Promise<Uploaded> {
  const { signal, records, onShare } = options;
  const sizeBytes = await filmSize(path);
  await using file = await openFilm(path);
  const { mtimeMs } = await file.stat();
  const partBytes = partBytesFor(sizeBytes);
  const version: FileVersion = { bucket, key, path, sizeBytes, mtimeMs, partBytes };
  const onRetry = (error: unknown) => options.onWait?.(whyWaiting(error));
  const calls = new PatientCalls(bucket, options.timing ?? uploadTiming, { onRetry, maxRoundSeconds });
  const upload: PartsUpload = { s3, calls, file, version, requestId: randomUUID(), signal, records, onShare };
  const send = async (): Promise<Uploaded> => {
    const object = await (sizeBytes <= partBytes ? putWhole(upload) : putInParts(upload));
    return { ...object, requestId: upload.requestId, version };
  };
  const earlier = await records?.find(version);
  try {
    if (earlier === undefined) return await send();
    const object = await (earlier.object
      ? findComplete(upload, earlier.object)
      : putInParts(upload, earlier));
    if (object !== undefined) return { ...object, requestId: earlier.requestId, version };
  } catch (error) {
    if (!isForgotten(error)) throw error;
  }
  const record = await records?.find(version);
  const used = record && (await options.findUsed?.(etagOf(record), record.requestId));
  if (record !== undefined && used !== undefined) {
    onShare(1);
    return { ...used, requestId: record.requestId, version };
  }
  options.onRestart?.();
  await records?.forget(version);
  return await send();
}

/** That of the object which the upload became, as the storage computes it. */
function etagOf({ object, parts }: UploadRecord): string {
  const inOrder = parts.toSorted((a, b) => a.number - b.number);
  return object?.etag ?? multipartEtag(inOrder.map(({ md5 }) => md5));
}

/** A film of one part. Recorded when it is there, so that only its job is sent when that failed. */
async function putWhole(upload: PartsUpload): Promise<UploadedObject> {
  const { s3, calls, file, version, requestId, signal, records, onShare } = upload;
  const { bucket, key, path, sizeBytes } = version;
  const body = await readBytes(file, path, 0, sizeBytes);
  await assertUnchanged(file, version);
  const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentLength: sizeBytes });
  const put = await calls.limited({ action: 'take', key, signal }, sizeBytes, (abortSignal) =>
    s3.send(command, { abortSignal }),
  );
  const object = { etag: put.ETag ?? '', versionId: put.VersionId };
  const record = await records?.begin(version, 'none', requestId);
  if (record !== undefined) await records?.complete(record, object);
  onShare(1);
  return object;
}

/** The object of a complete upload, unless it was removed or replaced since. */
async function findComplete(
  { s3, calls, version, signal, onShare }: PartsUpload,
  { etag }: NonNullable<UploadRecord['object']>,
): Promise<UploadedObject | undefined> {
  const { bucket, key } = version;
  const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
  const found = await calls.limited({ action: 'look at', key, signal }, 0, (abortSignal) =>
    s3.send(command, { abortSignal }).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    }),
  );
  if (found?.ETag !== etag) return undefined;
  onShare(1);
  return { etag, versionId: found.VersionId };
}

/**
 * The storage gave up the upload meanwhile (`NoSuchUpload`), or a part is not the one that was recorded (`InvalidPart`):
 * UploadPart and CompleteMultipartUpload of S3.
 */
function isForgotten(error: unknown): boolean {
  const cause = error instanceof StorageError ? error.cause : error;
  return cause instanceof Error && ['NoSuchUpload', 'InvalidPart'].includes(cause.name);
}
