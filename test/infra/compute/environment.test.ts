import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { workerEnvironment, workerSecrets } from '../../../infra/compute/environment.ts';
import { Secrets } from '../../../infra/compute/secrets.ts';
import { readSettings } from '../../../infra/settings/settings.ts';
import { ConfigSource } from '../../../infra/settings/sources.ts';
import type { Storage } from '../../../infra/storage/backend.ts';
import { promiseOf, record } from '../../helpers/program/pulumi.ts';
import { bareStack } from '../../helpers/program/stacks.ts';

const s3: Storage = {
  bucket: pulumi.output('films'),
  region: 'us-east-1',
  addressing: 'virtual',
  checksums: 'when-supported',
  conditionalWrites: true,
  statements: [],
  consoleUrl: pulumi.output('https://example.com'),
};
const r2: Storage = {
  ...s3,
  region: 'auto',
  endpoint: 'https://account.r2.cloudflarestorage.com',
  addressing: 'path',
  checksums: 'when-required',
  credentials: { accessKeyId: pulumi.secret('key'), secretAccessKey: pulumi.secret('half') },
  publicUrl: pulumi.output('https://video.example.com'),
};

async function environment(changes: Record<string, string> = {}) {
  const { result } = await record(
    () =>
      workerEnvironment({
        settings: readSettings(new ConfigSource()),
        region: 'us-east-1',
        jobs: { queue: { url: 'https://sqs/jobs' }, deadLetters: { url: 'https://sqs/jobs-dead' } },
        parts: { queue: { url: 'https://sqs/parts' } },
        source: s3,
        output: r2,
        metricsNamespace: 'transcode-farm/test',
      }),
    bareStack(changes),
  );
  return promiseOf(pulumi.output(result));
}

describe("the worker's environment", () => {
  it('gives each side the place of its bucket', async () => {
    expect(await environment()).toMatchObject({
      SOURCE_BUCKET: 'films',
      SOURCE_REGION: 'us-east-1',
      SOURCE_CHECKSUMS: 'when-supported',
      OUTPUT_ENDPOINT: 'https://account.r2.cloudflarestorage.com',
      OUTPUT_REGION: 'auto',
      OUTPUT_ADDRESSING: 'path',
      OUTPUT_PUBLIC_URL: 'https://video.example.com',
    });
  });

  it('says where workers send part requests', async () => {
    expect(await environment()).toMatchObject({ PARTS_QUEUE_URL: 'https://sqs/parts' });
  });

  it('is the same whatever maxTasks is, so that a change of it replaces no worker', async () => {
    expect(await environment({ maxTasks: '5' })).toEqual(await environment({ maxTasks: '3' }));
  });

  it('leaves out what is not set, and has no secret', async () => {
    const names = Object.keys(await environment());
    for (const name of ['SOURCE_ENDPOINT', 'SOURCE_PREFIX', 'OUTPUT_PREFIX', 'WEBHOOK_URL']) {
      expect(names).not.toContain(name);
    }
    expect(names.filter((name) => /SECRET|ACCESS_KEY|DATABASE/.test(name))).toEqual([]);
  });

  it('has the prefixes, suffixes and encoding that were set', async () => {
    const changes = {
      sourcePrefix: 'in/',
      sourceSuffixes: '[".mov",".mp4"]',
      outputPrefix: 'out/',
      ladder: 'hd',
    };
    expect(await environment(changes)).toMatchObject({
      SOURCE_PREFIX: 'in/',
      SOURCE_SUFFIXES: '.mov,.mp4',
      OUTPUT_PREFIX: 'out/',
      LADDER: 'hd',
    });
  });
});

describe('Secrets', () => {
  it('makes a SecureString for each, and reports its ARN and version', async () => {
    const secrets = await record(() => {
      const variables = workerSecrets({ source: s3, output: r2 });
      return new Secrets('farm', { farm: 'farm', variables });
    });
    const parameters = secrets.resourcesOf('aws:ssm/parameter:Parameter');
    expect(parameters.map(({ inputs: { name, type, value } }) => [name, type, value])).toEqual([
      ['/transcode-farm/test/farm/OUTPUT_ACCESS_KEY_ID', 'SecureString', 'key'],
      ['/transcode-farm/test/farm/OUTPUT_SECRET_ACCESS_KEY', 'SecureString', 'half'],
    ]);
    expect(parameters.map(({ secretPaths }) => secretPaths)).toEqual([['value'], ['value']]);
    expect(await promiseOf(pulumi.output(secrets.result.references))).toContainEqual({
      name: 'OUTPUT_ACCESS_KEY_ID',
      parameterArn:
        'arn:aws:ssm:us-east-1:123456789012:parameter/transcode-farm/test/farm/OUTPUT_ACCESS_KEY_ID',
      parameterName: '/transcode-farm/test/farm/OUTPUT_ACCESS_KEY_ID',
      version: 1,
    });
  });
});
