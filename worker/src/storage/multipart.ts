import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type HeadObjectCommandOutput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { freeBuffer } from '../free-buffer.ts';
import { completeOrFind } from './completed.ts';
import { eachLimited } from './limited.ts';
import { partChecksums } from './part-checksums.ts';
import type { Part, Parts } from './parts.ts';
import type { PutOptions } from './store.ts';

interface Upload {
  bucket: string;
  key: string;
  /** All parts; each list begins when storage has the one before. */
  parts: readonly Parts[];
  partBytes: number;
  options: PutOptions;
  /** Retries, limits the time by the bytes sent, and explains errors. */
  call: <T>(
    bytes: number,
    attempt: (abortSignal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ) => Promise<T>;
}

/** Of an object's own metadata: which upload it came from. An ETag says that only where no KMS key encrypts the object. */
const uploadName = 'upload';

/** Storage joins the parts before it answers, so this call gets the time limit of a body of this size. */
const completeBytes = 8 * 2 ** 20;

/**
 * Parts of one object that go up at the same time. S3 takes 85 to 90 MB/s of one connection, which is less than a worker has
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html). Each is held in memory.
 */
const partsAtOnce = 4;

/** A large object in equal parts, some at a time, each retried separately. An upload that fails is taken back. */
export async function putInParts(client: S3Client, upload: Upload): Promise<{ sizeBytes: number }> {
  const { options, call } = upload;
  const { signal } = options;
  const place = { Bucket: upload.bucket, Key: upload.key };
  const checksums = await partChecksums(client);
  const name = randomUUID();
  const created = await call(
    0,
    (abortSignal) =>
      client.send(
        new CreateMultipartUploadCommand({
          ...place,
          ...checksums,
          ContentType: options.contentType,
          CacheControl: options.cacheControl,
          ContentDisposition: options.contentDisposition,
          Metadata: { [uploadName]: name },
        }),
        { abortSignal },
      ),
    signal,
  );
  const target = { ...place, UploadId: created.UploadId };
  const free: Buffer[] = [];
  const takeBuffer = () => free.pop() ?? Buffer.allocUnsafe(upload.partBytes);
  try {
    const sent: (CompletedPart & { PartNumber: number })[] = [];
    let sizeBytes = 0;
    const send = async ({ number, buffer, body }: Part) => {
      const command = new UploadPartCommand({
        ...target,
        PartNumber: number,
        Body: body,
        ContentLength: body.length,
      });
      const { ETag, ChecksumCRC32 } = await call(
        body.length,
        (abortSignal) => client.send(command, { abortSignal }),
        signal,
      );
      sent.push({ PartNumber: number, ETag, ChecksumCRC32 });
      sizeBytes += body.length;
      free.push(buffer);
    };
    for (const parts of upload.parts) await eachLimited(parts(takeBuffer), partsAtOnce, send);
    const parts = sent.sort((a, b) => a.PartNumber - b.PartNumber);
    const command = new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: parts } });
    const expected = {
      bucket: upload.bucket,
      key: upload.key,
      sizeBytes,
      isOurs: ({ Metadata }: HeadObjectCommandOutput) => Metadata?.[uploadName] === name,
    };
    await call(
      completeBytes,
      (abortSignal) =>
        completeOrFind(client, expected, () => client.send(command, { abortSignal }), abortSignal),
      signal,
    );
    return { sizeBytes };
  } catch (error) {
    // Unfinished parts cost money and appear in no listing. Best effort: the first error is the one to report.
    await client
      .send(new AbortMultipartUploadCommand(target), { abortSignal: AbortSignal.timeout(5_000) })
      .catch(() => undefined);
    throw error;
  } finally {
    for (const buffer of free) freeBuffer(buffer);
  }
}
