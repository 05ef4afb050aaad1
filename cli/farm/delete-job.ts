import { DeleteObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** Deletes at once. One object a call: R2 and Wasabi differ in what they demand of calls that delete many. */
const deletesAtOnce = 16;

/**
 * Deletes every object below a prefix, `last` at the end, so that a second call finds what the first one left.
 * @returns the number of objects
 */
export async function deleteFolder(
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
