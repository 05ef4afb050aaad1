import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';

/** As long as buckets of S3 and R2 keep parts, by their lifecycle rules, and as an upload's id holds. */
const abandonedMs = 7 * 24 * 3_600_000;

/**
 * Gives up the unfinished uploads of people who never came back. Wasabi keeps their parts for ever, and bills them.
 * @param prefix of the portal's own uploads: others in the bucket are not its business
 * @returns how many
 */
export async function sweepUploads(
  source: Pick<S3Client, 'send'>,
  Bucket: string,
  prefix: string,
  now: number,
): Promise<number> {
  let swept = 0;
  let [KeyMarker, UploadIdMarker]: (string | undefined)[] = [];
  do {
    const page: ListMultipartUploadsCommandOutput = await source.send(
      new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, KeyMarker, UploadIdMarker }),
    );
    const { Uploads = [] } = page;
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (Initiated === undefined || now - Initiated.getTime() < abandonedMs) continue;
      await source.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      swept += 1;
    }
    KeyMarker = page.IsTruncated ? page.NextKeyMarker : undefined;
    UploadIdMarker = page.IsTruncated ? page.NextUploadIdMarker : undefined;
  } while (KeyMarker !== undefined);
  return swept;
}
