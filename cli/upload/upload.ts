import { type FileHandle, open, stat } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { eachLimited } from '../../worker/src/storage/limited.ts';
import { UserError } from '../errors.ts';
import type { FileVersion, UploadRecord, UploadRecords } from './records.ts';

/** Parts of one file that go up at the same time; each is held in memory. */
const partsAtOnce = 4;

export interface UploadOptions {
  signal: AbortSignal;
  /** Told how much of the file is there, 0 to 1. */
  onShare(share: number): void;
  /** Where an upload that is cut off is remembered, to go on from there. Without it, what came is taken back. */
  records?: UploadRecords;
}

/**
 * Puts a file into a bucket, large ones in parts. One that was cut off goes on with the parts that are missing, as long as
 * the file is the same.
 * @returns what names this version of the object
 * @throws UserError when it is not a file that can be read, or changes meanwhile
 */
export async function uploadFile(
  s3: S3Client,
  bucket: string,
  key: string,
  path: string,
  options: UploadOptions,
): Promise<{ ETag?: string; VersionId?: string }> {
  const sizeBytes = await filmSize(path);
  await using file = await open(path, 'r').catch((error: Error) => {
    throw new UserError(`The film can't be read: ${error.message}.`);
  });
  const partBytes = partBytesFor(sizeBytes);
  if (sizeBytes <= partBytes) {
    const body = await readBytes(file, path, 0, sizeBytes);
    const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body });
    const put = await s3.send(command, { abortSignal: options.signal }).catch(explainAbort(options.signal));
    options.onShare(1);
    return put;
  }
  const { mtimeMs } = await file.stat();
  const version: FileVersion = { bucket, key, path, sizeBytes, mtimeMs, partBytes };
  const upload = { s3, file, version, options };
  const earlier = await options.records?.find(version);
  // Awaited, or the file would be closed at once.
  if (earlier === undefined) return await putInParts(upload);
  try {
    return await putInParts(upload, earlier);
  } catch (error) {
    if (!isForgotten(error)) throw error;
    // The storage gave up the upload meanwhile, or another process ended it.
    await options.records?.forget(version);
    return await putInParts(upload);
  }
}

/** Size of a film on this machine. @throws UserError when it is not a file that can be read */
export async function filmSize(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UserError(`There is no film at ${path}.`);
  if (!found.isFile()) throw new UserError(`${path} is not a file. Give the path of one film.`);
  if (found.size === 0) throw new UserError(`${path} is empty (0 bytes).`);
  return found.size;
}

/**
 * Equal parts, as R2 wants them: 16 MiB, and more where a file would have more than 10,000
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
 */
export function partBytesFor(sizeBytes: number): number {
  const mebibyte = 2 ** 20;
  return Math.max(16 * mebibyte, Math.ceil(sizeBytes / 10_000 / mebibyte) * mebibyte);
}

interface Upload {
  s3: S3Client;
  file: FileHandle;
  version: FileVersion;
  options: UploadOptions;
}

/** @param earlier what an earlier run left */
async function putInParts({ s3, file, version, options }: Upload, earlier?: UploadRecord) {
  const { bucket, key, path, sizeBytes, partBytes } = version;
  const { signal, onShare, records } = options;
  const target = { Bucket: bucket, Key: key };
  const create = new CreateMultipartUploadCommand(target);
  const record = earlier ?? {
    ...version,
    uploadId: (await s3.send(create, { abortSignal: signal }).catch(explainAbort(signal))).UploadId ?? '',
    parts: [],
  };
  const { uploadId: UploadId, parts } = record;
  const bytesOf = (number: number) => Math.min(partBytes, sizeBytes - (number - 1) * partBytes);
  let doneBytes = parts.reduce((sum, { number }) => sum + bytesOf(number), 0);
  onShare(doneBytes / sizeBytes);

  const numbers = Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => index + 1);
  const missing = numbers.filter((number) => !parts.some((part) => part.number === number));
  try {
    await records?.save(record);
    await eachLimited(missing, partsAtOnce, async (number) => {
      signal.throwIfAborted();
      const body = await readBytes(file, path, (number - 1) * partBytes, bytesOf(number));
      const command = new UploadPartCommand({ ...target, UploadId, PartNumber: number, Body: body });
      const sent = await s3.send(command, { abortSignal: signal });
      parts.push({ number, etag: sent.ETag ?? '', crc32: sent.ChecksumCRC32 });
      await records?.save(record);
      doneBytes += body.length;
      onShare(doneBytes / sizeBytes);
    });
    await assertUnchanged(file, version);
    const done = await s3.send(
      new CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        MultipartUpload: {
          Parts: parts
            .toSorted((a, b) => a.number - b.number)
            .map(({ number, etag, crc32 }) => ({ PartNumber: number, ETag: etag, ChecksumCRC32: crc32 })),
        },
      }),
      { abortSignal: signal },
    );
    await records?.forget(version);
    return done;
  } catch (error) {
    if (records === undefined || error instanceof UserError) {
      // Unfinished parts cost money and are seen by no listing.
      await s3.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
      await records?.forget(version);
    }
    return explainAbort(signal)(error);
  }
}

async function readBytes(file: FileHandle, path: string, start: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, start);
  if (bytesRead === length) return buffer;
  throw new UserError(`${path} became shorter while it was uploaded. Submit it again when it is whole.`);
}

/** Parts of two versions of a file would make a film that is neither. @throws UserError */
async function assertUnchanged(file: FileHandle, { path, sizeBytes, mtimeMs }: FileVersion): Promise<void> {
  const now = await file.stat();
  if (now.size === sizeBytes && now.mtimeMs === mtimeMs) return;
  throw new UserError(`${path} changed while it was uploaded. Submit it again when it is whole.`);
}

/** `NoSuchUpload`, and `InvalidPart` where a part is not the one that was recorded: UploadPart and CompleteMultipartUpload of S3. */
function isForgotten(error: unknown): boolean {
  return error instanceof S3ServiceException && ['NoSuchUpload', 'InvalidPart'].includes(error.name);
}

/** The SDK throws an error of its own when a call is aborted; the signal knows why. */
function explainAbort(signal: AbortSignal) {
  return (error: unknown): never => {
    signal.throwIfAborted();
    throw error;
  };
}
