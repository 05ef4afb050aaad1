import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { freeBuffer } from '../free-buffer.ts';
import { completeOrFind, md5Hex } from './completed.ts';
import { eachLimited } from './limited.ts';
import { partChecksums } from './part-checksums.ts';
import type { Part, Parts } from './parts.ts';
import type { PutOptions } from './store.ts';

interface Upload {
  bucket: string;
  key: string;
  /** All parts, and then those that go up again; each list begins when storage has the one before. */
  parts: readonly Parts[];
  partBytes: number;
  /** The MD5 of each part, of bytes that can be read again; else they are taken as the parts go. */
  md5sAgain?: () => Promise<readonly string[]>;
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

/**
 * Parts of one object that go up at the same time. S3 takes 85 to 90 MB/s of one connection, which is less than a worker has
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html). Each is held in memory.
 */
const partsAtOnce = 4;

/** A large object in equal parts, some at a time, each retried separately. An upload that fails is taken back. */
export async function putInParts(client: S3Client, upload: Upload): Promise<{ sizeBytes: number }> {
  const { options, call, md5sAgain } = upload;
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
  const free: Buffer[] = [];
  const takeBuffer = () => free.pop() ?? Buffer.allocUnsafe(upload.partBytes);
  try {
    const sent = new Map<number, { part: CompletedPart; md5?: string; sizeBytes: number }>();
    const send = async ({ number, buffer, body, crc }: Part) => {
      const md5 = md5sAgain ? {} : { md5: md5Hex(body) };
      const command = new UploadPartCommand({
        ...target,
        PartNumber: number,
        Body: body,
        ContentLength: body.length,
        // Else the SDK computes it.
        ...(checksums.ChecksumAlgorithm && crc !== undefined && { ChecksumCRC32: base64Of(crc) }),
      });
      const { ETag, ChecksumCRC32 } = await call(
        body.length,
        (abortSignal) => client.send(command, { abortSignal }),
        signal,
      );
      sent.set(number, { part: { PartNumber: number, ETag, ChecksumCRC32 }, ...md5, sizeBytes: body.length });
      free.push(buffer);
    };
    for (const parts of upload.parts) await eachLimited(parts(takeBuffer), partsAtOnce, send);
    const inOrder = [...sent].sort(([a], [b]) => a - b).map(([, part]) => part);
    const sizeBytes = inOrder.reduce((sum, part) => sum + part.sizeBytes, 0);
    const parts = inOrder.map(({ part }) => part);
    const partMd5s = md5sAgain ?? (() => inOrder.flatMap(({ md5 }) => md5 ?? []));
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
  } finally {
    for (const buffer of free) freeBuffer(buffer);
  }
}

/** As S3 has it: the four bytes, the highest first. */
function base64Of(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
