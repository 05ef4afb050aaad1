import { randomBytes } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { attempt, type Finding, ok } from './finding.ts';

/** A bucket, and whose keys open it, for people. */
export interface Bucket {
  s3: S3Client;
  bucket: string;
  whose: string;
}

const fix =
  'Check that the bucket is there and these keys may read, write and delete in it: docs/storage.md.';

/** Writes, reads and deletes a small object of its own, as workers do. */
export function checkOutput({ s3, bucket, whose }: Bucket, prefix: string): Promise<Finding> {
  return attempt('output', fix, async () => {
    const text = randomBytes(16).toString('hex');
    const place = { Bucket: bucket, Key: `${prefix}farm-doctor-${text}.txt` };
    await s3.send(new PutObjectCommand({ ...place, Body: text, ContentType: 'text/plain' }));
    try {
      const found = await (await s3.send(new GetObjectCommand(place))).Body?.transformToString();
      if (found !== text) throw new Error(`what was read back from ${bucket} is not what was written`);
    } finally {
      await s3.send(new DeleteObjectCommand(place));
    }
    return ok('output', `written, read and deleted in ${bucket}, with ${whose}`);
  });
}

/** Lists and reads. Writes nothing: where every upload becomes a job, a test would be one. */
export function checkSource({ s3, bucket, whose }: Bucket): Promise<Finding> {
  return attempt('source', fix, async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 10 }));
    const film = Contents.find(({ Size = 0 }) => Size > 0);
    if (film === undefined) return ok('source', `listed ${bucket}, where no film is, with ${whose}`);
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: film.Key, Range: 'bytes=0-0' }),
    );
    await Body?.transformToByteArray();
    return ok('source', `listed and read in ${bucket}, with ${whose}`);
  });
}
