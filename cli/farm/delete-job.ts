import { DeleteObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { JobFolder } from '../../worker/src/protocol/job-folder.ts';
import { JobIndex } from '../../worker/src/protocol/job-index.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import type { Farm } from './farm.ts';

/** Deletes at once. One object a call: R2 and Wasabi differ in what they demand of calls that delete many. */
const deletesAtOnce = 16;

/**
 * Deletes everything that a job published, and its entry in the index. The status goes last: until then the job is listed, and can be
 * deleted again.
 * @returns the number of objects in its folder
 */
export async function deleteJob(
  { address, output }: Pick<Farm, 'address' | 'output'>,
  { id, queuedAt }: Pick<JobState, 'id'> & Partial<Pick<JobState, 'queuedAt'>>,
  signal?: AbortSignal,
): Promise<number> {
  const { outputBucket: Bucket, outputPrefix } = address;
  if (queuedAt !== undefined) {
    const Key = new JobIndex(outputPrefix).key(id, new Date(queuedAt));
    await output.send(new DeleteObjectCommand({ Bucket, Key }));
  }
  const { prefix, status } = new JobFolder(outputPrefix, id);
  return deleteFolder(output, Bucket, prefix, status, signal);
}

/**
 * Deletes every object below a prefix, `last` at the end, so that a second call finds what the first one left.
 * @returns the number of objects
 */
async function deleteFolder(
  s3: S3Client,
  bucket: string,
  prefix: string,
  last: string,
  signal?: AbortSignal,
): Promise<number> {
  const remove = (Key: string) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  const pages = paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix });
  let count = 0;
  let hasLast = false;
  for await (const { Contents = [] } of pages) {
    const keys = Contents.flatMap(({ Key }) => Key ?? []);
    hasLast ||= keys.includes(last);
    const others = keys.filter((key) => key !== last);
    for (let at = 0; at < others.length; at += deletesAtOnce) {
      signal?.throwIfAborted();
      await Promise.all(others.slice(at, at + deletesAtOnce).map(remove));
    }
    count += others.length;
  }
  if (!hasLast) return count;
  await remove(last);
  return count + 1;
}
