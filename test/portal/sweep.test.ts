import type { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { sweepUploads } from '../../portal/src/farm/sweep.ts';

const dayMs = 24 * 3_600_000;
const now = Date.UTC(2026, 10, 28);

/** Storage that lists two uploads a page, as S3 pages them. The emulator of the local farm lists none. */
class Storage {
  readonly uploads: { Key: string; UploadId: string; Initiated: Date }[];

  constructor(ages: Record<string, number>) {
    this.uploads = Object.entries(ages).map(([Key, days]) => ({
      Key,
      UploadId: `id of ${Key}`,
      Initiated: new Date(now - days * dayMs),
    }));
  }

  readonly client = {
    send: async (command: { constructor: { name: string }; input: Record<string, string> }) =>
      this.#answer(command),
  } as unknown as S3Client;

  #answer({
    constructor: { name },
    input,
  }: {
    constructor: { name: string };
    input: Record<string, string>;
  }) {
    if (name === 'AbortMultipartUploadCommand') {
      const at = this.uploads.findIndex(
        ({ Key, UploadId }) => Key === input.Key && UploadId === input.UploadId,
      );
      if (at < 0) throw new Error('NoSuchUpload');
      this.uploads.splice(at, 1);
      return {};
    }
    const found = this.uploads.filter(
      ({ Key }) => Key.startsWith(input.Prefix ?? '') && Key > (input.KeyMarker ?? ''),
    );
    const Uploads = found.slice(0, 2);
    const { Key, UploadId } = Uploads.at(-1) ?? {};
    return { Uploads, IsTruncated: found.length > 2, NextKeyMarker: Key, NextUploadIdMarker: UploadId };
  }
}

it('gives up the portal’s unfinished uploads of more than a week, and no others', async () => {
  const storage = new Storage({
    'other/a.mov': 30,
    'uploads/1/new.mov': 1,
    'uploads/2/old.mov': 8,
    'uploads/3/older.mov': 20,
    'uploads/4/oldest.mov': 300,
    'uploads/5/nearly.mov': 6.9,
  });
  expect(await sweepUploads(storage.client, 'films', 'uploads/', now)).toBe(3);
  expect(storage.uploads.map(({ Key }) => Key)).toEqual([
    'other/a.mov',
    'uploads/1/new.mov',
    'uploads/5/nearly.mov',
  ]);
});
