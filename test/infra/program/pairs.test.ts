import { beforeAll, describe, expect, it } from 'vitest';
import { backendNames } from '../../../infra/storage/names.ts';
import { environmentOf } from '../../../tools/program-run/farm.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { type FarmRecording, recordFarm } from '../../helpers/program/farm.ts';
import { promiseOf } from '../../helpers/program/pulumi.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

const endpoints = {
  s3: undefined,
  r2: 'https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com',
  wasabi: 'https://s3.eu-central-2.wasabisys.com',
};

const pairs = backendNames.flatMap((storage) =>
  ['fargate', 'gpu', 'function'].map((compute) => ({ storage, compute })),
);

describe.each(pairs)('storage $storage with compute $compute', ({ storage, compute }) => {
  let farm: FarmRecording;
  beforeAll(async () => {
    farm = await recordFarm(bareStack({ ...allCredentials, storage, compute }));
  });

  it('gives the worker the places of films', () => {
    const { source, output } = readSettings(environmentOf(farm));
    const isS3 = storage === 's3';
    for (const side of [source, output]) {
      expect(side).toMatchObject({
        endpoint: endpoints[storage],
        addressing: isS3 ? 'virtual' : 'path',
        checksums: isS3 ? 'when-supported' : 'when-required',
        credentials: isS3 ? undefined : { accessKeyId: expect.any(String) },
      });
    }
    expect(source.bucket).not.toBe(output.bucket);
  });

  it('makes the buckets of this storage and of no other', () => {
    const made = {
      // The bucket of reports is on S3 whatever the films are on.
      s3: farm.resourcesOf('aws:s3/bucket:Bucket').filter(({ name }) => name !== 'farm-reports').length,
      r2: farm.resourcesOf('cloudflare:index/r2Bucket:R2Bucket').length,
      wasabi: farm.resourcesOf('pulumi-nodejs:dynamic:Resource').length,
    };
    expect(made).toEqual({ s3: 0, r2: 0, wasabi: 0, [storage]: 2 });
  });

  it('lets uploads start jobs where the storage reports them, and says so', async () => {
    const isS3 = storage === 's3';
    expect(farm.resourcesOf('aws:s3/bucketNotification:BucketNotification')).toHaveLength(isS3 ? 1 : 0);
    expect(await promiseOf(farm.result.uploadsStartJobs)).toBe(isS3);
  });

  it('runs on the capacity that was asked for', () => {
    const isGpu = compute === 'gpu';
    expect(farm.resourcesOf('aws:autoscaling/group:Group')).toHaveLength(isGpu ? 1 : 0);
    expect(environmentOf(farm).ENCODER).toBe(isGpu ? 'nvenc' : 'x264');
  });
});

describe('source and output apart', () => {
  it('takes films from S3 and publishes them to R2', async () => {
    const farm = await recordFarm(bareStack({ ...allCredentials, storage: 'r2', source: 's3' }));
    const { source, output } = readSettings(environmentOf(farm));
    expect(source).toMatchObject({ endpoint: undefined, credentials: undefined });
    expect(output).toMatchObject({ endpoint: endpoints.r2, region: 'auto' });
    expect(farm.resourcesOf('aws:s3/bucketNotification:BucketNotification')).toHaveLength(1);
  });

  it('uses existing buckets by name and makes none', async () => {
    const farm = await recordFarm(bareStack({ sourceBucket: 'my-uploads', outputBucket: 'my-films' }));
    expect(farm.resourcesOf('aws:s3/bucket:Bucket')).toEqual([]);
    expect(farm.resourcesOf('aws:s3/bucketPolicy:BucketPolicy')).toEqual([]);
    expect(readSettings(environmentOf(farm))).toMatchObject({
      source: { bucket: 'my-uploads' },
      output: { bucket: 'my-films' },
    });
    expect(farm.resource('aws:s3/bucketNotification:BucketNotification').inputs.bucket).toBe('my-uploads');
  });

  it('leaves the notifications of an existing bucket alone when asked to', async () => {
    const farm = await recordFarm(bareStack({ sourceBucket: 'my-uploads', sourceEvents: 'false' }));
    expect(farm.resourcesOf('aws:s3/bucketNotification:BucketNotification')).toEqual([]);
  });

  it('uses an existing network and an image by digest', async () => {
    const workerImage = `ghcr.io/you/worker@sha256:${'1'.repeat(64)}`;
    const farm = await recordFarm(
      bareStack({
        vpcId: 'vpc-0123456789abcdef0',
        subnetIds: '["subnet-0123456789abcdef0"]',
        assignPublicIp: 'false',
        workerImage,
      }),
    );
    expect(farm.resourcesOf('awsx:ec2:Vpc')).toEqual([]);
    expect(farm.resourcesOf('awsx:ecr:Image')).toEqual([]);
    expect(farm.resource('aws:ecs/service:Service').inputs.networkConfiguration).toMatchObject({
      subnets: ['subnet-0123456789abcdef0'],
      assignPublicIp: false,
    });
    const { containerDefinitions } = farm.resource('aws:ecs/taskDefinition:TaskDefinition').inputs;
    expect(containerDefinitions).toContain(workerImage);
  });
});
