import { createHash } from 'node:crypto';
import { HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { isMissing, isUploadGone } from './s3-errors.ts';

/** What a multipart upload was to become. */
export interface ExpectedObject {
  bucket: string;
  key: string;
  sizeBytes: number;
  /** Whether an object of that name and size came from this upload. */
  isOurs: (found: HeadObjectCommandOutput) => boolean;
}

/**
 * The ETag of an object that was uploaded in parts: MD5 over the parts' MD5s, and their number. S3 documents it for
 * objects that no KMS key encrypts, and R2 and Wasabi do the same:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function multipartEtag(partMd5s: readonly string[]): string {
  const hash = createHash('md5');
  for (const md5 of partMd5s) hash.update(Buffer.from(md5, 'hex'));
  return `"${hash.digest('hex')}-${partMd5s.length}"`;
}

export function md5Hex(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/**
 * Completes a multipart upload. The answer to an earlier try may have been lost after the storage did what was asked;
 * R2, Wasabi and others then say `NoSuchUpload` to the next one, and the object itself shows whether it is this upload's.
 */
export async function completeOrFind<T extends { ETag?: string | undefined }>(
  client: S3Client,
  expected: ExpectedObject,
  complete: () => Promise<T>,
  abortSignal: AbortSignal,
): Promise<T | HeadObjectCommandOutput> {
  try {
    return await complete();
  } catch (error) {
    if (!isUploadGone(error)) throw error;
    const command = new HeadObjectCommand({ Bucket: expected.bucket, Key: expected.key });
    const found = await client.send(command, { abortSignal }).catch((headError: unknown) => {
      if (isMissing(headError)) return undefined;
      throw headError;
    });
    if (found?.ContentLength !== expected.sizeBytes) throw error;
    if (!expected.isOurs(found)) throw error;
    return found;
  }
}
