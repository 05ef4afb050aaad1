import { GetObjectCommand, HeadBucketCommand, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { attachment } from '../http/answers.ts';

/**
 * Links to films end so soon that one which outlives a sign-out is of little use; a player asks for a new one with each
 * segment, and a download that has begun goes on.
 */
export const filmLinkSeconds = 300;
/** A part may wait behind others on a slow line. The link dies with the role's own session, whatever it says. */
const partLinkSeconds = 3600;

/** A link that reads one object. @param fileName makes it a download of that name */
export function presignRead(s3: S3Client, bucket: string, key: string, fileName?: string): Promise<string> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(fileName !== undefined && { ResponseContentDisposition: attachment(fileName) }),
  });
  return getSignedUrl(s3, command, { expiresIn: filmLinkSeconds, signingDate: storageDate(s3) });
}

export interface PartTarget {
  bucket: string;
  key: string;
  uploadId: string;
}

/** A link that takes one part of exactly this length, which is signed: the storage takes no more than was declared. */
export function presignPart(
  s3: S3Client,
  { bucket, key, uploadId }: PartTarget,
  number: number,
  bytes: number,
): Promise<string> {
  const command = new UploadPartCommand({
    ...{ Bucket: bucket, Key: key, UploadId: uploadId },
    PartNumber: number,
    ContentLength: bytes,
  });
  return getSignedUrl(s3, command, { expiresIn: partLinkSeconds, signingDate: storageDate(s3) });
}

/**
 * Has the client learn how far this machine's clock is off, by the date of an answer: links would have ended before they are used, or
 * begin later. Whether the bucket may be asked does not matter.
 */
export async function askClock(s3: S3Client, bucket: string): Promise<void> {
  await s3.send(new HeadBucketCommand({ Bucket: bucket })).catch(() => undefined);
}

/** The client corrects its own calls by this, and not the links. */
function storageDate(s3: S3Client): Date {
  return new Date(Date.now() + s3.config.systemClockOffset);
}

/** Where browsers reach a bucket, for the page's content policy. */
export async function originOf(s3: S3Client, bucket: string): Promise<string> {
  return new URL(await presignRead(s3, bucket, 'x')).origin;
}
