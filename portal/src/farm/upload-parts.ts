import { CompleteMultipartUploadCommand, HeadObjectCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { readJob } from '../../../cli/farm/jobs.ts';
import { findUsedUpload } from '../../../cli/submit/used-upload.ts';
import { multipartEtag } from '../../../worker/src/storage/completed.ts';
import { isMissing } from '../../../worker/src/storage/s3-errors.ts';
import { Problem } from '../http/problem.ts';
import type { Services } from '../services.ts';

export interface SentPart {
  number: number;
  etag: string;
}
/** An upload in parts, as S3 names it. */
export interface UploadTarget {
  Bucket: string;
  Key: string;
  UploadId: string;
}

/**
 * The parts that the storage has.
 * @throws Problem `no-such-upload`
 */
export async function listParts({ links }: Services, target: UploadTarget): Promise<SentPart[]> {
  const done: SentPart[] = [];
  let after: string | undefined;
  do {
    const page = await links.source
      .send(new ListPartsCommand({ ...target, PartNumberMarker: after }))
      .catch((error: Error) => {
        throw error.name === 'NoSuchUpload' ? noSuchUpload() : error;
      });
    for (const { PartNumber, ETag } of page.Parts ?? [])
      done.push({ number: PartNumber ?? 0, etag: ETag ?? '' });
    after = page.IsTruncated ? page.NextPartNumberMarker : undefined;
  } while (after !== undefined);
  return done;
}

/**
 * Makes one film of the parts. Does nothing where an earlier try may have joined them, and its answer was lost.
 * @throws Problem `parts-missing`
 */
export async function joinParts(
  { links }: Services,
  target: UploadTarget,
  parts: readonly SentPart[],
): Promise<void> {
  const command = new CompleteMultipartUploadCommand({
    ...target,
    MultipartUpload: {
      Parts: parts
        .toSorted((a, b) => a.number - b.number)
        .map(({ number, etag }) => ({ PartNumber: number, ETag: etag })),
    },
  });
  try {
    await links.source.send(command);
  } catch (error) {
    const { name } = error as Error;
    if (/^(InvalidPart|InvalidPartOrder|EntityTooSmall)$/.test(name))
      throw new Problem(
        409,
        'parts-missing',
        'Parts are missing or are not those that were sent. Ask which are there, and send the others.',
      );
    if (name !== 'NoSuchUpload') throw error;
  }
}

/** Undefined where no film is there (any more). */
export async function headFilm({ links, farm }: Services, Key: string) {
  const command = new HeadObjectCommand({ Bucket: farm.address.sourceBucket, Key });
  return links.source.send(command).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** The job of a film that a worker has made and removed since the parts were joined. */
export async function findRemoved(
  { farm }: Services,
  key: string,
  parts: readonly SentPart[],
): Promise<string | undefined> {
  const md5s = parts.toSorted((a, b) => a.number - b.number).map(({ etag }) => etag.replaceAll('"', ''));
  // No other upload has this key.
  const isMade = async (id: string) => (await readJob(farm, id)) !== undefined;
  return (await findUsedUpload(farm, { key, etag: multipartEtag(md5s) }, isMade))?.eventId;
}

export function noSuchUpload(): Problem {
  return new Problem(404, 'no-such-upload', 'The storage has given up this upload. Begin a new one.');
}

export function ignoreNoUpload(error: Error): void {
  if (error.name !== 'NoSuchUpload') throw error;
}
