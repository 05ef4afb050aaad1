import { beforeAll, describe, expect, it } from 'vitest';
import { containerOf, workerFunctionOf } from '../../../tools/program-run/farm.ts';
import { loadStack, stackFiles } from '../../../tools/program-run/stacks.ts';
import { type FarmRecording, recordFarm } from '../../helpers/program/farm.ts';
import { type Statement, statementsOf } from '../../helpers/program/policies.ts';
import { natureOf, promiseOf } from '../../helpers/program/pulumi.ts';
import { allCredentials, bareStack, secretMarks } from '../../helpers/program/stacks.ts';

const farms = [
  ...stackFiles.map((file) => ({ name: file, stack: loadStack(file) })),
  ...['s3', 'r2', 'wasabi'].flatMap((storage) =>
    ['fargate', 'gpu', 'function'].map((compute) => ({
      name: `${storage} and ${compute}`,
      stack: bareStack({
        ...allCredentials,
        storage,
        compute,
        monthlyBudget: '50',
        alertEmail: 'a@b.example',
      }),
    })),
  ),
  {
    name: 'CloudFront',
    stack: bareStack({ delivery: 'cdn', corsOrigins: '["https://www.example.com"]' }),
  },
];

/** Actions that IAM cannot narrow to a resource, as its service authorization reference says. */
const unrestrictable = new Set([
  'ecr:GetAuthorizationToken',
  'ecs:DiscoverPollEndpoint',
  'ecs:DescribeTaskDefinition',
  'autoscaling:DescribeAutoScalingGroups',
]);

describe.each(farms)('$name', ({ stack }) => {
  let farm: FarmRecording;
  let statements: Statement[];
  beforeAll(async () => {
    farm = await recordFarm(stack);
    statements = statementsOf(farm);
  });

  it('allows no action by a wildcard', () => {
    const wild = statements.filter(
      ({ effect, actions }) => effect === 'Allow' && actions.some((action) => action.includes('*')),
    );
    expect(wild).toEqual([]);
  });

  it('allows every resource only for what cannot be narrowed', () => {
    const wide = statements.filter(
      ({ effect, actions, resources, condition }) =>
        effect === 'Allow' &&
        resources.includes('*') &&
        !('ArnEquals' in condition) &&
        !actions.every((action) => unrestrictable.has(action)),
    );
    expect(wide).toEqual([]);
  });

  it('lets nobody in but services, and those by their source', () => {
    const principals = statements.filter(({ effect, principal }) => effect === 'Allow' && principal);
    for (const { at, principal } of principals) {
      expect(principal, at).toEqual({ Service: expect.stringMatching(/\.amazonaws\.com$/) });
    }
    const open = principals.filter(
      ({ actions, condition }) =>
        !actions.every((action) => action === 'sts:AssumeRole') &&
        !/aws:Source(Arn|Account)/i.test(JSON.stringify(condition)),
    );
    expect(open).toEqual([]);
  });

  it('shuts queues, topics and own buckets to unencrypted connections', () => {
    const guarded = [
      ...farm.resourcesOf('aws:sqs/queue:Queue').map(({ name }) => `aws:sqs/queuePolicy:QueuePolicy ${name}`),
      ...farm
        .resourcesOf('aws:s3/bucket:Bucket')
        .map(({ name }) => `aws:s3/bucketPolicy:BucketPolicy ${name}`),
      'aws:sns/topicPolicy:TopicPolicy farm-jobs',
    ];
    for (const at of guarded) {
      const denials = statements.filter(
        (one) =>
          one.at === at &&
          one.effect === 'Deny' &&
          one.principal === '*' &&
          JSON.stringify(one.condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
      );
      expect(denials, at).toHaveLength(1);
    }
  });

  it('has every secret in a SecureString, referenced and marked secret', () => {
    for (const { name, inputs, secretPaths } of farm.resourcesOf('aws:ssm/parameter:Parameter')) {
      const isPlain = name === 'farm-workers-per-film'; // a number
      if (isPlain || !String(inputs.name).startsWith('/transcode-farm/')) continue;
      expect(inputs.type, name).toBe('SecureString');
      expect(secretPaths, name).toEqual(['value']);
    }
    const worker = workerFunctionOf(farm)?.inputs.environment as { variables: object } | undefined;
    const names = worker
      ? Object.keys(worker.variables)
      : containerOf(farm).environment.map(({ name }) => name);
    // A function reads its secrets itself, by the names of their parameters.
    const plain = names.filter((name) => !/^SECRET_(PARAMETERS|VERSIONS)$/.test(name));
    expect(plain.filter((name) => /SECRET|ACCESS_KEY|DATABASE/.test(name))).toEqual([]);
  });

  it('shows no secret in any input that is not marked secret, nor in an output', async () => {
    const outputs = await Promise.all(
      Object.entries(farm.result).map(async ([name, value]) => ({
        name,
        text: String(await promiseOf<unknown>(value)),
        ...(await natureOf(value)),
      })),
    );
    for (const mark of secretMarks) {
      expect(outputs.filter(({ text }) => text.includes(mark)).map(({ name }) => name)).toEqual([]);
      const showing = farm.resources.flatMap(({ type, name, inputs, secretPaths }) =>
        Object.entries(inputs)
          .filter(([key]) => !secretPaths.some((path) => path === key || path.startsWith(`${key}.`)))
          .filter(([, value]) => JSON.stringify(value)?.includes(mark))
          .map(([key]) => `${type} ${name}: ${key}`),
      );
      expect(showing).toEqual([]);
    }
  });
});
