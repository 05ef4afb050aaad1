import type { Archive } from './store.ts';

const archiveClasses = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/**
 * Whether an object has to be restored before it can be read, by the answer to HEAD. A restored copy can be read while it
 * lasts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export function archiveOf(head: {
  StorageClass?: string | undefined;
  ArchiveStatus?: string | undefined;
  Restore?: string | undefined;
}): Archive | undefined {
  const { StorageClass = '', ArchiveStatus, Restore = '' } = head;
  const storageClass = ArchiveStatus ?? (archiveClasses.has(StorageClass) ? StorageClass : undefined);
  if (storageClass === undefined || Restore.includes('ongoing-request="false"')) return undefined;
  return { storageClass, isRestoring: Restore.includes('ongoing-request="true"') };
}

/** What restores an object. Intelligent-Tiering keeps the restored object, so it takes no number of days. */
export function restoreCommand(bucket: string, key: string, { storageClass }: Archive): string {
  const tier = { GlacierJobParameters: { Tier: 'Standard' } };
  const request = storageClass.endsWith('_ACCESS') ? tier : { Days: 7, ...tier };
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  return `aws s3api restore-object --bucket ${bucket} --key ${quote(key)} --restore-request ${quote(JSON.stringify(request))}`;
}
