import type { FileHandle } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { PatientCalls } from '../../worker/src/storage/calls.ts';
import { completeOrFind, md5Hex, multipartEtag } from '../../worker/src/storage/completed.ts';
import { eachLimited } from '../../worker/src/storage/limited.ts';
import { partChecksums } from '../../worker/src/storage/part-checksums.ts';
import { UserError } from '../errors.ts';
import { assertUnchanged, readBytes } from './film-file.ts';
import type { FileVersion, SentPart, UploadedObject, UploadRecord, UploadRecords } from './records.ts';

/** Parts of one file that go up at the same time; each is held in memory. */
const partsAtOnce = 4;

/** Storage joins the parts before it answers: time as for a body of this size at the slowest speed. */
const completeBytes = 2 ** 18;

/**
 * Equal parts, as R2 wants them: 16 MiB, and more where a file would have more than 10,000
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
 */
export function partBytesFor(sizeBytes: number): number {
  const mebibyte = 2 ** 20;
  return Math.max(16 * mebibyte, Math.ceil(sizeBytes / 10_000 / mebibyte) * mebibyte);
}

export interface PartsUpload {
  s3: S3Client;
  calls: PatientCalls;
  file: FileHandle;
  version: FileVersion;
  requestId: string;
  signal: AbortSignal;
  records?: UploadRecords | undefined;
  onShare(share: number): void;
}

/** @param earlier what an earlier run left */
export async function putInParts(upload: PartsUpload, earlier?: UploadRecord): Promise<UploadedObject> {
  const { s3, version, records, signal } = upload;
  const record = earlier ?? (await begin(upload));
  const target = { Bucket: version.bucket, Key: version.key, UploadId: record.uploadId };
  try {
    await sendMissing(upload, record);
    await assertUnchanged(upload.file, version);
    const object = await complete(upload, record);
    await records?.complete(record, object);
    return object;
  } catch (error) {
    if (records === undefined || error instanceof UserError) {
      // Unfinished parts cost money and are seen by no listing.
      await s3.send(new AbortMultipartUploadCommand(target)).catch(() => undefined);
      await records?.forget(version);
    }
    signal.throwIfAborted();
    throw error;
  }
}

async function begin({ s3, calls, version, records, requestId, signal }: PartsUpload): Promise<UploadRecord> {
  const { bucket, key } = version;
  const checksums = await partChecksums(s3);
  const create = new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ...checksums });
  const { UploadId = '' } = await calls.limited(
    { action: 'begin the upload of', key, signal },
    0,
    (abortSignal) => s3.send(create, { abortSignal }),
  );
  if (records === undefined) return { ...version, uploadId: UploadId, requestId, parts: [] };
  return records.begin(version, UploadId, requestId);
}

async function sendMissing(upload: PartsUpload, record: UploadRecord): Promise<void> {
  const { s3, calls, file, version, records, signal, onShare } = upload;
  const { bucket, key, path, sizeBytes, partBytes } = version;
  const bytesOf = (number: number) => Math.min(partBytes, sizeBytes - (number - 1) * partBytes);
  let doneBytes = record.parts.reduce((sum, { number }) => sum + bytesOf(number), 0);
  onShare(doneBytes / sizeBytes);
  const numbers = Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => index + 1);
  const missing = numbers.filter((number) => !record.parts.some((part) => part.number === number));
  await eachLimited(missing, partsAtOnce, async (number) => {
    signal.throwIfAborted();
    const body = await readBytes(file, path, (number - 1) * partBytes, bytesOf(number));
    const command = new UploadPartCommand({
      ...{ Bucket: bucket, Key: key, UploadId: record.uploadId },
      PartNumber: number,
      Body: body,
      ContentLength: body.length,
    });
    const sent = await calls.limited({ action: 'take a part of', key, signal }, body.length, (abortSignal) =>
      s3.send(command, { abortSignal }),
    );
    const part: SentPart = { number, etag: sent.ETag ?? '', crc32: sent.ChecksumCRC32, md5: md5Hex(body) };
    if (records === undefined) record.parts.push(part);
    else await records.addPart(record, part);
    doneBytes += body.length;
    onShare(doneBytes / sizeBytes);
  });
}

async function complete(upload: PartsUpload, record: UploadRecord): Promise<UploadedObject> {
  const { s3, calls, version, signal } = upload;
  const { bucket, key, sizeBytes } = version;
  const parts = record.parts.toSorted((a, b) => a.number - b.number);
  const command = new CompleteMultipartUploadCommand({
    ...{ Bucket: bucket, Key: key, UploadId: record.uploadId },
    MultipartUpload: {
      Parts: parts.map(({ number, etag, crc32 }) => ({
        PartNumber: number,
        ETag: etag,
        ChecksumCRC32: crc32,
      })),
    },
  });
  const etag = multipartEtag(parts.map(({ md5 }) => md5));
  const isOurs = (found: { ETag?: string | undefined }) => found.ETag === etag;
  const expected = { bucket, key, sizeBytes, isOurs };
  const done = await calls.limited({ action: 'complete', key, signal }, completeBytes, (abortSignal) =>
    completeOrFind(s3, expected, () => s3.send(command, { abortSignal }), abortSignal),
  );
  return { etag: done.ETag ?? '', versionId: done.VersionId };
}
