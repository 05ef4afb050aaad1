import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import type { BackendArgs, Storage } from '../../../infra/storage/backend.ts';
import { createStorage } from '../../../infra/storage/backends.ts';
import type { CorsRule } from '../../../infra/storage/cors.ts';
import { backendNames } from '../../../infra/storage/names.ts';
import type { Inputs } from '../../../tools/program-run/registered.ts';
import { parsePolicy } from '../../helpers/program/policies.ts';
import { natureOf, promiseOf, type Recording, record } from '../../helpers/program/pulumi.ts';

const accountId = '0123456789abcdef0123456789abcdef';
const args: Omit<BackendArgs, 'side'> = {
  keepBuckets: true,
  expireAfterDays: 0,
  sourceEvents: true,
  corsOrigins: ['https://www.example.com'],
  delivery: { kind: 'none', domain: '', certificateArn: '' },
  r2: { accountId, zoneId: 'f'.repeat(32), jurisdiction: 'default' },
  wasabi: {
    region: 'eu-central-2',
    accessKeyId: pulumi.secret('KEY'),
    secretAccessKey: pulumi.secret('half'),
  },
};

function create(
  backend: (typeof backendNames)[number],
  changes: Partial<BackendArgs> = {},
): Promise<Recording<Storage>> {
  const side = changes.side ?? 'output';
  return record(() => createStorage(side, backend, { ...args, side, ...changes }));
}

const jsonRule = 'pulumi-nodejs:dynamic/cloudflare:JsonRule';
const buckets = {
  s3: 'aws:s3/bucket:Bucket',
  r2: 'cloudflare:index/r2Bucket:R2Bucket',
  wasabi: 'pulumi-nodejs:dynamic:Resource',
};

/** The CORS rules of a recorded bucket, each service's form in one. */
function corsOf({ resources }: Recording<Storage>) {
  return resources.flatMap(({ type, inputs }) => {
    if (type === 'aws:s3/bucketCorsConfiguration:BucketCorsConfiguration') {
      return (inputs.corsRules as Inputs[]).map((rule) => ({
        ...{ origins: rule.allowedOrigins, methods: rule.allowedMethods, exposed: rule.exposeHeaders },
      }));
    }
    if (type === 'cloudflare:index/r2BucketCors:R2BucketCors') {
      return (inputs.rules as { allowed: Inputs; exposeHeaders: string[] }[]).map(
        ({ allowed, exposeHeaders }) => ({
          ...{ origins: allowed.origins, methods: allowed.methods, exposed: exposeHeaders },
        }),
      );
    }
    const { cors } = inputs as { cors?: CorsRule };
    return cors ? [{ origins: cors.origins, methods: cors.methods, exposed: cors.exposed }] : [];
  });
}

describe.each(backendNames)('%s', (backend) => {
  it('makes a bucket that outlives the stack, with all its settings, when buckets are kept', async () => {
    const recording = await create(backend);
    expect(recording.resource(buckets[backend]).retainOnDelete).toBe(true);
    const settings = recording.resources.filter(({ type }) =>
      /s3\/bucket[A-Z]|r2Bucket(Cors|Lifecycle)/.test(type),
    );
    expect(settings.filter(({ retainOnDelete }) => !retainOnDelete)).toEqual([]);
    expect(recording.resources.filter(({ protect }) => protect)).toEqual([]); // `destroy` would stop there
  });

  it('makes a bucket that goes with the stack when buckets are not kept', async () => {
    const recording = await create(backend, { keepBuckets: false });
    expect(recording.resources.filter(({ retainOnDelete }) => retainOnDelete)).toEqual([]);
    if (backend === 's3') expect(recording.resource(buckets.s3).inputs.forceDestroy).toBe(true);
  });

  it.each(['source', 'output'] as const)(
    'uses an existing %s bucket and changes nothing in it',
    async (side) => {
      const recording = await create(backend, { side, existing: 'my-films' });
      expect(await promiseOf(recording.result.bucket)).toBe('my-films');
      const touched = recording.resources.filter(
        ({ custom, type }) => custom && type !== 'cloudflare:index/accountToken:AccountToken',
      );
      expect(touched).toEqual([]);
    },
  );

  it('deletes films after so many days where that is set, and never sources', async () => {
    const daysOf = async (changes: Partial<BackendArgs>) =>
      (await create(backend, changes)).resources.flatMap(({ inputs }) => {
        const rules = (inputs.rules ?? []) as {
          expiration?: { days?: number };
          deleteObjectsTransition?: { condition: { maxAge: number } };
        }[];
        const days = rules.flatMap(({ expiration, deleteObjectsTransition }) => [
          ...(expiration?.days === undefined ? [] : [expiration.days]),
          ...(deleteObjectsTransition ? [deleteObjectsTransition.condition.maxAge / 86_400] : []),
        ]);
        const { expireAfterDays } = inputs as { expireAfterDays?: number };
        return expireAfterDays ? [...days, expireAfterDays] : days;
      });
    expect(await daysOf({ expireAfterDays: 30 })).toEqual([30]);
    expect(await daysOf({ expireAfterDays: 0 })).toEqual([]);
    expect(await daysOf({ side: 'source', expireAfterDays: 30 })).toEqual([]);
  });

  it('keeps its credentials secret', async () => {
    const { credentials } = (await create(backend)).result;
    expect(credentials === undefined).toBe(backend === 's3');
    for (const half of Object.values(credentials ?? {})) {
      expect(await natureOf(half)).toEqual({ isKnown: true, isSecret: true });
    }
  });

  it('lets players of the named sites read the output, and nobody else', async () => {
    expect(corsOf(await create(backend))).toEqual([
      {
        origins: ['https://www.example.com'],
        methods: ['GET', 'HEAD'],
        exposed: expect.arrayContaining(['ETag']),
      },
    ]);
    expect(corsOf(await create(backend, { corsOrigins: [] }))).toEqual([]);
  });

  it('lets pages send parts to the source by signed links, read their ETags, and nothing else', async () => {
    const rules = [{ origins: ['*'], methods: ['PUT'], exposed: ['ETag'] }];
    expect(corsOf(await create(backend, { side: 'source' }))).toEqual(rules);
    expect(corsOf(await create(backend, { side: 'source', corsOrigins: [] }))).toEqual(rules);
  });
});

describe('S3', () => {
  it('is reached by the task role, for what each side needs', async () => {
    const actionsOf = async (side: 'source' | 'output') => {
      const statements = await promiseOf(pulumi.output((await create('s3', { side })).result.statements));
      return statements.map(({ Action, Resource }) => ({ Action, Resource }));
    };
    expect(await actionsOf('source')).toEqual([
      {
        Action: ['s3:GetObject', 's3:DeleteObject'],
        Resource: ['arn:aws:s3:::transcode-farm-test-source-0a1b2c3/*'],
      },
      { Action: ['s3:ListBucket'], Resource: ['arn:aws:s3:::transcode-farm-test-source-0a1b2c3'] },
    ]);
    expect(await actionsOf('output')).toEqual([
      {
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        Resource: ['arn:aws:s3:::transcode-farm-test-output-0a1b2c3/*'],
      },
      { Action: ['s3:ListBucket'], Resource: ['arn:aws:s3:::transcode-farm-test-output-0a1b2c3'] },
    ]);
  });

  it('keeps what was replaced or deleted in a source for a week', async () => {
    const recording = await create('s3', { side: 'source' });
    const lifecycle = recording.resource('aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration');
    expect(lifecycle.inputs.rules).toContainEqual(
      expect.objectContaining({
        noncurrentVersionExpiration: { noncurrentDays: 7 },
        expiration: { expiredObjectDeleteMarker: true },
      }),
    );
    expect(
      recording.dependsOn(lifecycle, recording.resource('aws:s3/bucketVersioning:BucketVersioning')),
    ).toBe(true);
  });

  it.each(['source', 'output'] as const)(
    'removes unfinished uploads to the %s after a week',
    async (side) => {
      const lifecycle = 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration';
      expect((await create('s3', { side })).resource(lifecycle).inputs.rules).toContainEqual(
        expect.objectContaining({ abortIncompleteMultipartUpload: { daysAfterInitiation: 7 } }),
      );
    },
  );

  it('sets its policy after the public access block', async () => {
    const recording = await create('s3');
    const policy = recording.resource('aws:s3/bucketPolicy:BucketPolicy');
    const block = recording.resource('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock');
    expect(recording.dependsOn(policy, block)).toBe(true);
  });

  it('is read by its own CloudFront distribution alone, which shows viewers films and no JSON', async () => {
    const recording = await create('s3', { delivery: { kind: 'cdn', domain: '', certificateArn: '' } });
    const { policy } = recording.resource('aws:s3/bucketPolicy:BucketPolicy').inputs;
    expect(parsePolicy(String(policy)).filter(({ effect }) => effect === 'Allow')).toEqual([
      expect.objectContaining({
        principal: { Service: 'cloudfront.amazonaws.com' },
        actions: ['s3:GetObject'],
        resources: ['arn:aws:s3:::transcode-farm-test-output-0a1b2c3/*'],
        condition: {
          StringEquals: { 'aws:SourceArn': expect.stringMatching(/^arn:aws:cloudfront::\d+:distribution\//) },
        },
      }),
    ]);
    // States, plans and records name sources and errors.
    expect(parsePolicy(String(policy))).toContainEqual(
      expect.objectContaining({
        effect: 'Deny',
        principal: { Service: 'cloudfront.amazonaws.com' },
        actions: ['s3:GetObject'],
        resources: ['arn:aws:s3:::transcode-farm-test-output-0a1b2c3/*.json'],
      }),
    );
    expect(await promiseOf(pulumi.output(recording.result.publicUrl))).toBe(
      'https://d111111abcdef8.cloudfront.net',
    );
  });
});

describe('R2', () => {
  it('derives S3 keys from a token that opens this bucket alone', async () => {
    const recording = await create('r2');
    const { policies, accountId: owner } = recording.resource(
      'cloudflare:index/accountToken:AccountToken',
    ).inputs;
    const { name } = recording.resource('cloudflare:index/r2Bucket:R2Bucket').inputs;
    expect(owner).toBe(accountId);
    expect(policies).toEqual([
      {
        effect: 'allow',
        permissionGroups: [{ id: '0'.repeat(32) }, { id: '1'.repeat(32) }],
        resources: JSON.stringify({
          [`com.cloudflare.edge.r2.bucket.${accountId}_default_${name}`]: '*',
        }),
      },
    ]);
    const { credentials } = recording.result;
    expect(await promiseOf(pulumi.output(credentials?.accessKeyId))).toBe('f'.repeat(32));
    expect(await promiseOf(pulumi.output(credentials?.secretAccessKey))).toBe(
      createHash('sha256').update('cloudflare-token-value').digest('hex'),
    );
  });

  it('is reached where its jurisdiction is', async () => {
    const { result } = await create('r2', { r2: { ...args.r2, jurisdiction: 'eu' } });
    expect(result.endpoint).toBe(`https://${accountId}.eu.r2.cloudflarestorage.com`);
  });

  it('removes unfinished uploads after a week', async () => {
    const { rules } = (await create('r2')).resource(
      'cloudflare:index/r2BucketLifecycle:R2BucketLifecycle',
    ).inputs;
    expect(rules).toMatchObject([
      { abortMultipartUploadsTransition: { condition: { type: 'Age', maxAge: 604_800 } } },
    ]);
  });

  it('is shown at a domain of its own, or at the one that R2 gives', async () => {
    const own = await create('r2', {
      delivery: { kind: 'cdn', domain: 'v.example.com', certificateArn: '' },
    });
    expect(own.resource('cloudflare:index/r2CustomDomain:R2CustomDomain').inputs).toMatchObject({
      domain: 'v.example.com',
      zoneId: 'f'.repeat(32),
      minTls: '1.2',
    });
    expect(await promiseOf(pulumi.output(own.result.publicUrl))).toBe('https://v.example.com');
    expect(own.resource(jsonRule).inputs).toMatchObject({ zoneId: 'f'.repeat(32), host: 'v.example.com' });
    const given = await create('r2', { delivery: { kind: 'cdn', domain: '', certificateArn: '' } });
    expect(await promiseOf(pulumi.output(given.result.publicUrl))).toBe(
      'https://pub-0123456789abcdef.r2.dev',
    );
    // No zone of the owner's, so no rules.
    expect(given.resources.filter(({ type }) => type === jsonRule)).toEqual([]);
  });
});
