import { open, stat, truncate, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localCredentials } from '../../../cli/local-farm/emulator.ts';
import { type LocalFarm, startLocalFarm } from '../../../cli/local-farm/farm.ts';

describe.each(['disk', 'memory'] as const)('a local farm with storage in %s', (storage) => {
  let farm: LocalFarm;
  let sqs: SQSClient;

  beforeAll(async () => {
    farm = await startLocalFarm({ storage });
    sqs = new SQSClient({ endpoint: farm.endpoint, region: farm.region, credentials: localCredentials });
  });

  afterAll(async () => {
    sqs.destroy();
    await farm.close();
  });

  const put = (bucket: string, key: string, body: string | Buffer) =>
    farm.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));

  const receive = async (waitSeconds: number) => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: farm.queueUrl,
        WaitTimeSeconds: waitSeconds,
        MaxNumberOfMessages: 10,
      }),
    );
    for (const { ReceiptHandle } of Messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: farm.queueUrl, ReceiptHandle }));
    }
    return Messages.map(({ Body = '' }) => JSON.parse(Body) as { Records: [{ s3: { object: object } }] });
  };

  it('announces an upload to the queue, by way of the topic, in the words of S3', async () => {
    const { ETag } = await put(farm.sourceBucket, 'holiday films/ü+1.mp4', 'film');
    const [event] = await receive(5);
    expect(event?.Records[0].s3.object).toMatchObject({
      key: 'holiday+films/%C3%BC%2B1.mp4',
      size: 4,
      eTag: ETag?.replaceAll('"', ''),
    });
  });

  it('gives a film of 5 GiB where it lies, without a copy, and leaves it there when the object is deleted', async () => {
    const path = join(farm.dir, 'large film.mov');
    const sizeBytes = 5 * 2 ** 30;
    await writeFile(path, 'start');
    await truncate(path, sizeBytes);
    await using file = await open(path, 'r+');
    await file.write('end', sizeBytes - 3);
    const target = { Bucket: farm.sourceBucket, Key: 'large film.mov' };

    await farm.linkFilm(target.Key, path);
    const { ContentLength, ETag } = await farm.s3.send(new HeadObjectCommand(target));
    expect(ContentLength).toBe(sizeBytes);
    const [event] = await receive(5);
    const { object } = event?.Records[0].s3 ?? {};
    expect(object).toMatchObject({
      key: 'large+film.mov',
      size: sizeBytes,
      eTag: ETag?.replaceAll('"', ''),
    });
    const range = async (Range: string) => {
      const got = await farm.s3.send(new GetObjectCommand({ ...target, Range, IfMatch: ETag }));
      return [await got.Body?.transformToString(), got.ContentRange];
    };
    expect(await range('bytes=0-4')).toEqual(['start', `bytes 0-4/${sizeBytes}`]);
    const last = `bytes ${sizeBytes - 3}-${sizeBytes - 1}/${sizeBytes}`;
    expect(await range(`bytes=${sizeBytes - 3}-`)).toEqual(['end', last]);
    expect(await range('bytes=-3')).toEqual(['end', last]);
    await expect(range(`bytes=${sizeBytes}-`)).rejects.toMatchObject({ name: 'InvalidRange' });
    await file.write('x', 0);
    await file.utimes(0, 0);
    await expect(range('bytes=0-4')).rejects.toMatchObject({ name: 'PreconditionFailed' });

    await farm.s3.send(new DeleteObjectCommand(target));
    await expect(farm.s3.send(new HeadObjectCommand(target))).rejects.toMatchObject({ name: 'NotFound' });
    expect((await stat(path)).size).toBe(sizeBytes);
  });

  it('reports an upload in parts once, when it is whole', async () => {
    const target = { Bucket: farm.sourceBucket, Key: 'parts.mp4' };
    const { UploadId } = await farm.s3.send(new CreateMultipartUploadCommand(target));
    const part = { ...target, UploadId, PartNumber: 1 };
    const { ETag } = await farm.s3.send(new UploadPartCommand({ ...part, Body: 'film' }));
    await farm.s3.send(
      new CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
      }),
    );
    const events = await receive(5);
    expect(events.map((event) => event.Records[0].s3.object)).toMatchObject([{ key: 'parts.mp4' }]);
  });

  it('says nothing of what is published', async () => {
    await put(farm.outputBucket, 'job/status.json', '{}');
    expect(await receive(1)).toEqual([]);
  });

  it('takes an object larger than a segment of a 4K film in one request, and gives any range of it', async () => {
    const body = Buffer.alloc(20_000_000, 'abcdefghij');
    await put(farm.outputBucket, 'large.m4s', body);
    const range = await farm.s3.send(
      new GetObjectCommand({ Bucket: farm.outputBucket, Key: 'large.m4s', Range: 'bytes=15000003-15000007' }),
    );
    expect(await range.Body?.transformToString()).toBe('defgh');
    expect(range.ContentRange).toBe('bytes 15000003-15000007/20000000');
    const rest = await farm.s3.send(
      new GetObjectCommand({ Bucket: farm.outputBucket, Key: 'large.m4s', Range: 'bytes=19999995-' }),
    );
    expect(await rest.Body?.transformToString()).toBe('fghij');
  });

  it('holds a reader to one version of an object', async () => {
    const first = await put(farm.outputBucket, 'changing', 'one');
    await put(farm.outputBucket, 'changing', 'two');
    const read = farm.s3.send(
      new GetObjectCommand({
        Bucket: farm.outputBucket,
        Key: 'changing',
        Range: 'bytes=0-1',
        IfMatch: first.ETag,
      }),
    );
    await expect(read).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
  });

  it('gives a small object whole, old or new, while it is replaced again and again', async () => {
    const place = { Bucket: farm.outputBucket, Key: 'job/status.json' };
    const states = [100, 900, 400].map((length) => 'x'.repeat(length));
    await put(place.Bucket, place.Key, states[0] ?? '');
    let replacing = true;
    const replace = async () => {
      for (let round = 0; round < 100; round++) await put(place.Bucket, place.Key, states[round % 3] ?? '');
      replacing = false;
    };
    const read = async () => {
      while (replacing) {
        const object = await farm.s3.send(new GetObjectCommand(place));
        expect(states).toContain(await object.Body?.transformToString());
      }
    };
    await Promise.all([replace(), read(), read()]);
  });

  it('can be reached from this machine alone', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal);
    if (!outside) return;
    const { port } = new URL(farm.endpoint);
    await expect(fetch(`http://${outside.address}:${port}/health`)).rejects.toThrow('fetch failed');
  });
});
