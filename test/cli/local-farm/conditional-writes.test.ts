import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

/** Answers as S3's user guide has them: "How to prevent object overwrites with conditional writes". */
let storage: TestStorage;
let s3: S3Client;
beforeAll(async () => {
  storage = await startStorage();
  const { credentials, endpoint } = storage.bucket('films');
  s3 = new S3Client({ region: 'us-east-1', endpoint, credentials, forcePathStyle: true, maxAttempts: 1 });
});
afterAll(async () => {
  s3.destroy();
  await storage[Symbol.asyncDispose]();
});

type Condition = { IfNoneMatch?: string; IfMatch?: string };
const put = (Key: string, Body: string, condition: Condition = {}) =>
  s3.send(new PutObjectCommand({ Bucket: 'films', Key, Body, ...condition }));

async function upload(Key: string, Body: string, condition: Condition = {}) {
  const target = { Bucket: 'films', Key };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const { ETag } = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body }));
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  return s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload, ...condition }));
}

const read = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket: 'films', Key }))).Body?.transformToString();
const answer = (httpStatusCode: number, name: string) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode }) });

describe.each([
  ['a put', put],
  ['an upload in parts', upload],
] as const)('in the local storage %s', (name, write) => {
  const key = name.replaceAll(' ', '-');

  it('with If-None-Match: * is done where there is no object, and answered 412 where there is one', async () => {
    await write(`${key}-1`, 'one', { IfNoneMatch: '*' });
    await expect(write(`${key}-1`, 'two', { IfNoneMatch: '*' })).rejects.toEqual(
      answer(412, 'PreconditionFailed'),
    );
    expect(await read(`${key}-1`)).toBe('one');
  });

  it('with If-Match is done on that version, and answered 412 on another', async () => {
    const { ETag } = await write(`${key}-2`, 'one');
    await write(`${key}-2`, 'two', { IfMatch: ETag ?? '' });
    await expect(write(`${key}-2`, 'three', { IfMatch: ETag ?? '' })).rejects.toEqual(
      answer(412, 'PreconditionFailed'),
    );
    expect(await read(`${key}-2`)).toBe('two');
  });

  it('with If-Match is answered 404 where there is no object', async () => {
    await expect(write(`${key}-3`, 'one', { IfMatch: '"0123"' })).rejects.toEqual(answer(404, 'NoSuchKey'));
  });
});

it('of many puts with If-None-Match at the same moment one is done', async () => {
  const writes = Array.from({ length: 30 }, (_, index) => put('many', `${index}`, { IfNoneMatch: '*' }));
  const done = (await Promise.allSettled(writes)).filter(({ status }) => status === 'fulfilled');
  expect(done).toHaveLength(1);
});

it('a deletion with If-Match removes that version alone', async () => {
  const { ETag } = await put('gone', 'one');
  const remove = (IfMatch: string) =>
    s3.send(new DeleteObjectCommand({ Bucket: 'films', Key: 'gone', IfMatch }));
  await expect(remove('"0123"')).rejects.toEqual(answer(412, 'PreconditionFailed'));
  await remove(ETag ?? '');
  await expect(remove(ETag ?? '')).rejects.toEqual(answer(404, 'NoSuchKey'));
});
