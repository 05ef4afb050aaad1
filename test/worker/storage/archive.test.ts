import { expect, it } from 'vitest';
import { openSource } from '../../../worker/src/source/open.ts';
import { archiveOf, restoreCommand } from '../../../worker/src/storage/archive.ts';
import { ArchivedObjectError } from '../../../worker/src/storage/errors.ts';
import type { ObjectInfo, Store } from '../../../worker/src/storage/store.ts';

it.each([
  [{}, undefined],
  [{ StorageClass: 'STANDARD_IA' }, undefined],
  [{ StorageClass: 'GLACIER_IR' }, undefined],
  [{ StorageClass: 'INTELLIGENT_TIERING' }, undefined],
  [{ StorageClass: 'GLACIER' }, { storageClass: 'GLACIER', isRestoring: false }],
  [{ StorageClass: 'DEEP_ARCHIVE' }, { storageClass: 'DEEP_ARCHIVE', isRestoring: false }],
  [
    { StorageClass: 'INTELLIGENT_TIERING', ArchiveStatus: 'ARCHIVE_ACCESS' },
    { storageClass: 'ARCHIVE_ACCESS', isRestoring: false },
  ],
  [
    { StorageClass: 'GLACIER', Restore: 'ongoing-request="true"' },
    { storageClass: 'GLACIER', isRestoring: true },
  ],
  [
    {
      StorageClass: 'GLACIER',
      Restore: 'ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"',
    },
    undefined,
  ],
])('reads from %j whether the object must be restored', (head, archive) => {
  expect(archiveOf(head)).toEqual(archive);
});

it('gives a number of days where S3 makes a copy, and none where it moves the object back', () => {
  expect(restoreCommand('films', "it's.mov", { storageClass: 'GLACIER', isRestoring: false })).toBe(
    `aws s3api restore-object --bucket films --key 'it'\\''s.mov' --restore-request '{"Days":7,"GlacierJobParameters":{"Tier":"Standard"}}'`,
  );
  expect(
    restoreCommand('films', 'a.mov', { storageClass: 'DEEP_ARCHIVE_ACCESS', isRestoring: false }),
  ).toContain(`'{"GlacierJobParameters":{"Tier":"Standard"}}'`);
});

const info: ObjectInfo = { sizeBytes: 10, etag: '"a"' };
const open = (store: Partial<Store>) =>
  openSource('old.mov', {
    bucket: 'films',
    storeFor: () => ({ bucket: 'films', ...store }) as Store,
    allowHttp: false,
  });

it('refuses an archived source at once, with the command that restores it', async () => {
  const source = open({
    head: async () => ({ ...info, archive: { storageClass: 'DEEP_ARCHIVE', isRestoring: false } }),
  });
  await expect(source.describe()).rejects.toMatchObject({
    name: 'RefusedError',
    code: 'source-archived',
    message: expect.stringContaining("restore-object --bucket films --key 'old.mov'"),
  });
});

it('says of a source that is being restored that it is, and gives no command', async () => {
  const source = open({
    head: async () => ({ ...info, archive: { storageClass: 'GLACIER', isRestoring: true } }),
  });
  await expect(source.describe()).rejects.toMatchObject({
    code: 'source-archived',
    message: expect.not.stringContaining('restore-object'),
  });
});

it('refuses a source that was archived after the look at it', async () => {
  const source = open({
    readRange: async () => {
      throw new ArchivedObjectError('"old.mov" is archived.');
    },
  });
  await expect(source.readRange({ start: 0, end: 1 }, info)).rejects.toMatchObject({
    code: 'source-archived',
  });
});
