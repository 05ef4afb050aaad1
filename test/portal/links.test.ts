import { CreateMultipartUploadCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { linkClient } from '../../cli/farm/buckets.ts';
import { Identities } from '../../cli/local-farm/rules/identities.ts';
import { expectedSignature, readSignature } from '../../cli/local-farm/rules/signature.ts';
import { askClock, presignPart, presignRead } from '../../portal/src/farm/presigner.ts';
import { startStorage, type TestStorage } from '../helpers/worker/storage.ts';

const Bucket = 'films';
let storage: TestStorage;
let s3: S3Client;

/** Storage that checks signatures as S3 does. */
beforeEach(async () => {
  const identities = new Identities();
  identities.addUser('AKIAPORTAL', 'secret');
  storage = await startStorage({ identities });
  s3 = new S3Client({
    region: 'us-east-1',
    endpoint: storage.bucket(Bucket).endpoint,
    credentials: { accessKeyId: 'AKIAPORTAL', secretAccessKey: 'secret' },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
});

afterEach(async () => {
  s3.destroy();
  await storage[Symbol.asyncDispose]();
});

const key = 'uploads/Grüße "1" + 100%.mov';

async function partLink(bytes: number): Promise<string> {
  const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: key }));
  return presignPart(s3, { bucket: Bucket, key, uploadId: UploadId }, 1, bytes);
}

it('a part’s link takes the part, whose ETag a page may read', async () => {
  const headers = { origin: 'http://127.0.0.1:1234' };
  const answer = await fetch(await partLink(5), { method: 'PUT', body: '12345', headers });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/);
  expect(answer.headers.get('access-control-expose-headers')).toContain('ETag');
});

it('a part’s link takes no more than was declared, and no other part', async () => {
  const link = await partLink(5);
  const put = async (url: string, body: string) => (await fetch(url, { method: 'PUT', body })).status;
  expect(await put(link, '123456')).toBe(403);
  expect(await put(link.replace('partNumber=1', 'partNumber=2'), '12345')).toBe(403);
  expect(await put(link, '12345')).toBe(200);
});

it('a film’s link reads this object alone, under the name that it is given', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: 'film' }));
  const link = await presignRead(s3, Bucket, key, 'Grüße.mov');
  const answer = await fetch(link);
  expect(await answer.text()).toBe('film');
  expect(answer.headers.get('content-disposition')).toContain("filename*=UTF-8''Gr%C3%BC%C3%9Fe.mov");
  expect((await fetch(link.replace('/uploads/', '/other/'))).status).toBe(403);
  expect((await fetch(link, { method: 'DELETE' })).status).toBe(403);
});

it.each([-10, 10])(
  'a link is signed by the storage’s clock where this machine’s is off by %d minutes',
  async (minutes) => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: now + minutes * 60_000 });
    try {
      await askClock(s3, Bucket);
      for (const link of [await presignRead(s3, Bucket, key), await partLink(5)]) {
        const [, date = '', time = ''] = /X-Amz-Date=(\d{8})T(\d{6})Z/.exec(link) ?? [];
        const parts = [date.replace(/(\d{4})(\d{2})/, '$1-$2-'), time.replace(/(\d{2})(\d{2})/, '$1:$2:')];
        expect(Math.abs(Date.parse(`${parts.join('T')}Z`) - now)).toBeLessThan(60_000);
      }
    } finally {
      vi.useRealTimers();
    }
  },
);

/** A farm with R2 in and out, as far as links go. */
function r2Client(): S3Client {
  const endpoint = 'https://0123456789abcdef.r2.cloudflarestorage.com';
  const address = {
    ...{ sourceStorage: 'r2', sourceBucket: Bucket, sourceRegion: 'auto', sourceEndpoint: endpoint },
    ...{ outputStorage: 'r2', outputBucket: Bucket, outputRegion: 'auto', outputEndpoint: endpoint },
  } as Parameters<typeof linkClient>[0];
  return linkClient(address, 'source', {
    FARM_SOURCE_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    FARM_SOURCE_SECRET_ACCESS_KEY: secret,
  });
}

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

/** A role's, with the token that its links must carry. */
function roleClient(): S3Client {
  return new S3Client({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: secret, sessionToken: 'a/b+c=='.repeat(40) },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

it.each([
  ['a role on S3', roleClient],
  ['keys of R2', r2Client],
])('a link that is signed by %s has the signature that follows from AWS’s specification', async (_, open) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 28, 23, 15) });
  const client = open();
  try {
    const target = { bucket: Bucket, key, uploadId: 'up/load+id' };
    for (const [method, link, signedHeaders, seconds] of [
      ['GET', await presignRead(client, Bucket, key, 'Grüße "1".mov'), ['host'], '300'],
      ['PUT', await presignPart(client, target, 7, 12_345), ['content-length', 'host'], '3600'],
    ] as const) {
      const { pathname, search, host, searchParams } = new URL(link);
      const headers = { host, 'content-length': '12345' };
      const call = { method, url: pathname + search, headers, body: Buffer.alloc(0) };
      // Checked against AWS's published examples in test/cli/local-farm/rules/signature.test.ts.
      const read = readSignature(call);
      expect(read).toMatchObject({ signedHeaders, timestamp: '20261128T231500Z' });
      expect(read && expectedSignature(call, read, secret)).toBe(read?.signature);
      expect(searchParams.get('X-Amz-Expires')).toBe(seconds);
      // That of an empty body, which the storage would compare with the real one.
      expect([...searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
    }
  } finally {
    client.destroy();
    vi.useRealTimers();
  }
});
