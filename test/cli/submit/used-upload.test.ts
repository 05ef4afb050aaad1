import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import type { Farm } from '../../../cli/farm/farm.ts';
import { findUsedUpload } from '../../../cli/submit/used-upload.ts';
import { eventJobId } from '../../../worker/src/protocol/source-event.ts';

const key = 'film.mov';
const etag = '"aa-2"';
const idOf = (version: string) => eventJobId('films', key, version);

/** A farm whose source bucket has these versions. Undefined: they are not shown. */
function farmWith(sourceStorage: 's3' | 'r2', versions?: { Key: string; ETag: string; VersionId: string }[]) {
  const send = async (command: unknown) => {
    expect(command).toBeInstanceOf(ListObjectVersionsCommand);
    if (versions === undefined) throw Object.assign(new Error('no'), { name: 'AccessDenied' });
    return { Versions: versions };
  };
  return { address: { sourceBucket: 'films', sourceStorage }, source: { send } } as unknown as Farm;
}

it('finds the job of a removed film by the version that its event named', async () => {
  const farm = farmWith('s3', [
    { Key: key, ETag: '"other-2"', VersionId: 'v3' },
    { Key: 'film.mov.more', ETag: etag, VersionId: 'v2' },
    { Key: key, ETag: etag, VersionId: 'v1' },
  ]);
  const asked: string[] = [];
  const found = await findUsedUpload(farm, { key, etag }, async (id) => {
    asked.push(id);
    return id === idOf('v1');
  });
  expect(found).toEqual({ object: { etag, versionId: 'v1' }, eventId: idOf('v1') });
  expect(asked).toEqual([idOf('aa-2'), idOf('v1')]);
});

it.each([
  ['has no versions', farmWith('r2', [])],
  ['does not show its versions', farmWith('s3')],
])('goes by the ETag where the bucket %s', async (_, farm) => {
  const found = await findUsedUpload(farm, { key, etag }, async (id) => id === idOf('aa-2'));
  expect(found).toEqual({ object: { etag }, eventId: idOf('aa-2') });
  expect(await findUsedUpload(farm, { key, etag }, async () => false)).toBeUndefined();
});
