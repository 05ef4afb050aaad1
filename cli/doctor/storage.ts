import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { attempt, type Finding, ok, warning } from './finding.ts';

/** A bucket, and whose keys open it, for people. */
export interface Bucket {
  s3: S3Client;
  bucket: string;
  whose: string;
}

const fix =
  'Check that the bucket is there and these keys may read, write and delete in it: docs/storage.md.';

/** Writes, reads and deletes a small test object, as workers do. */
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

const conditionsName = 'conditional writes';

/**
 * Writes with If-None-Match and If-Match, by which workers of one film share its parts.
 * @param areUsed the farm's workers rely on them
 */
export function checkConditions({ s3, bucket }: Bucket, prefix: string, areUsed: boolean): Promise<Finding> {
  return attempt(conditionsName, fix, async () => {
    const Key = `${prefix}farm-doctor-${randomBytes(16).toString('hex')}.txt`;
    const put = (Body: string, condition: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType: 'text/plain', ...condition }));
    try {
      const { ETag: first } = await put('first', { IfNoneMatch: '*' });
      const hasRefused =
        (await isRefused(put('second', { IfNoneMatch: '*' }))) &&
        (await isRefused(put('third', { IfMatch: '"00000000000000000000000000000000"' })));
      // R2 takes one write a second to a key.
      await sleep(1100);
      await put('fourth', { IfMatch: first });
      if (hasRefused) return ok(conditionsName, `${bucket} honours If-None-Match and If-Match`);
      const why = `${bucket} ignores If-None-Match or If-Match`;
      if (!areUsed) return ok(conditionsName, `${why}; this farm's workers do without`);
      return warning(
        conditionsName,
        `${why}: workers may make the same part of a film twice`,
        'Set OUTPUT_CONDITIONAL_WRITES to "false" for the workers: docs/storage.md.',
      );
    } finally {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    }
  });
}

/** 412 is the answer to a condition that does not hold; 501 that of a service without conditions. */
async function isRefused(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return false;
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 412) return true;
    if (status === 501) return false;
    throw error;
  }
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
