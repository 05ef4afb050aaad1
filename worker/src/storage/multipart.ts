import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { completeOrFind, md5Hex } from './completed.ts';
import { partChecksums } from './part-checksums.ts';
import type { PutOptions } from './store.ts';

interface Upload {
  bucket: string;
  key: string;
  /** Fills the buffer as far as there are bytes; only the last one is not filled. @returns how many */
  fill: (buffer: Buffer) => Promise<number>;
  partBytes: number;
  options: PutOptions;
  /** Retries, limits the time by the bytes sent, and explains errors. */
  call: <T>(
    bytes: number,
    attempt: (abortSignal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ) => Promise<T>;
}

/** Storage joins the parts before it answers, so this call gets the time limit of a body of this size. */
const completeBytes = 8 * 2 ** 20;

/** A large object in equal parts, one after the other, each retried separately. An upload that fails is taken back. */
export async function putInParts(client: S3Client, upload: Upload): Promise<{ sizeBytes: number }> {
  const { fill, partBytes, options, call } = upload;
  const { signal } = options;
  const place = { Bucket: upload.bucket, Key: upload.key };
  const checksums = await partChecksums(client);
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
        }),
        { abortSignal },
      ),
    signal,
  );
  const target = { ...place, UploadId: created.UploadId };
  try {
    const parts: { PartNumber: number; ETag: string | undefined; ChecksumCRC32: string | undefined }[] = [];
    const partMd5s: string[] = [];
    const buffer = Buffer.allocUnsafe(partBytes);
    let sizeBytes = 0;
    for (let length = partBytes; length === partBytes; ) {
      length = await fill(buffer);
      if (length === 0 && parts.length > 0) break;
      sizeBytes += length;
      partMd5s.push(md5Hex(buffer.subarray(0, length)));
      const PartNumber = parts.length + 1;
      const command = new UploadPartCommand({
        ...target,
        PartNumber,
        Body: buffer.subarray(0, length),
        ContentLength: length,
      });
      const sent = await call(length, (abortSignal) => client.send(command, { abortSignal }), signal);
      parts.push({ PartNumber, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
    }
    const command = new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: parts } });
    const expected = { bucket: upload.bucket, key: upload.key, sizeBytes, partMd5s };
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
  }
}
