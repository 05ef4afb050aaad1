import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { eventJobId } from '../../worker/src/protocol/source-event.ts';
import type { Farm } from '../farm/farm.ts';
import type { UploadedObject } from '../upload/records.ts';
import { versionName } from './film.ts';

/** What an upload became, and the id of the job that its event gives. */
export interface UsedUpload {
  object: UploadedObject;
  eventId: string;
}

/**
 * Finds the job of an upload whose film is not in the source bucket any more: its completion was not answered, a worker has made the
 * film meanwhile, and has removed it where `keepSource` is false. Whoever sent it again would have a second job.
 * @param etag that the storage computes from the upload's parts
 * @param isMade whether the job of that id is there, and is this upload's
 */
export async function findUsedUpload(
  farm: Farm,
  { key, etag }: { key: string; etag: string },
  isMade: (eventId: string) => Promise<boolean>,
): Promise<UsedUpload | undefined> {
  for (const object of [{ etag }, ...(await removedVersions(farm, key, etag))]) {
    const eventId = eventJobId(farm.address.sourceBucket, key, versionName(object.versionId, etag));
    if (await isMade(eventId)) return { object, eventId };
  }
  return undefined;
}

/** Those of one key and ETag, the newest first. None where the bucket keeps none, or does not show them to this caller. */
async function removedVersions(
  { address, source }: Farm,
  key: string,
  etag: string,
): Promise<UploadedObject[]> {
  if (address.sourceStorage !== 's3') return [];
  const command = new ListObjectVersionsCommand({ Bucket: address.sourceBucket, Prefix: key });
  const { Versions = [] } = await source.send(command).catch(() => ({ Versions: [] }));
  return Versions.filter((version) => version.Key === key && version.ETag === etag).map(({ VersionId }) => ({
    etag,
    versionId: VersionId,
  }));
}
