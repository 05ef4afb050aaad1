import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { BucketEvents } from '../../../infra/jobs/bucket-events.ts';
import { Jobs } from '../../../infra/jobs/jobs.ts';
import { maxReceives } from '../../../worker/src/queue/outcome.ts';
import { parsePolicy } from '../../helpers/program/policies.ts';
import { promiseOf, type Recording, record } from '../../helpers/program/pulumi.ts';

const bucketArn = 'arn:aws:s3:::uploads';
const args = { visibilityTimeoutSeconds: 120, retentionDays: 4, senderBucketArns: [bucketArn] };
const daySeconds = 86_400;

describe('Jobs', () => {
  let jobs: Recording<Jobs>;
  beforeAll(async () => {
    jobs = await record(() => new Jobs('jobs', args));
  });
  const policyOn = (type: string, name: string) =>
    parsePolicy(String(jobs.resource(type, name).inputs.policy));

  it('keeps messages as long as the settings say, and dead letters for as long as SQS can', () => {
    expect(jobs.resource('aws:sqs/queue:Queue', 'jobs').inputs).toEqual({
      visibilityTimeoutSeconds: 120,
      messageRetentionSeconds: 4 * daySeconds,
      receiveWaitTimeSeconds: 20,
      sqsManagedSseEnabled: true,
    });
    expect(jobs.resource('aws:sqs/queue:Queue', 'jobs-dead').inputs).toEqual({
      messageRetentionSeconds: 14 * daySeconds,
      sqsManagedSseEnabled: true,
    });
  });

  it('subscribes the queue raw, once the topic may send to it', () => {
    const subscription = jobs.resource('aws:sns/topicSubscription:TopicSubscription');
    expect(subscription.inputs).toMatchObject({
      protocol: 'sqs',
      rawMessageDelivery: true,
      endpoint: expect.stringMatching(/^arn:aws:sqs:.+:jobs-/),
    });
    expect(jobs.dependsOn(subscription, jobs.resource('aws:sqs/queuePolicy:QueuePolicy', 'jobs'))).toBe(true);
  });

  it('lets the queue outlast ten lost workers, and the worker fail the job first', () => {
    const { redrivePolicy } = jobs.resource('aws:sqs/redrivePolicy:RedrivePolicy').inputs;
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(String(redrivePolicy));
    expect(deadLetterTargetArn).toMatch(/:jobs-dead-/);
    expect(maxReceives).toBeGreaterThan(10); // a retry is a message of its own, so only losses count
    expect(maxReceiveCount).toBeGreaterThan(maxReceives);
  });

  it('takes dead letters from its own queue alone', () => {
    const { redriveAllowPolicy } = jobs.resource('aws:sqs/redriveAllowPolicy:RedriveAllowPolicy').inputs;
    expect(JSON.parse(String(redriveAllowPolicy))).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [expect.stringMatching(/:jobs-0a1b2c3$/)],
    });
  });

  it('lets only its topic, by ARN, send through SNS to the queue', () => {
    expect(
      policyOn('aws:sqs/queuePolicy:QueuePolicy', 'jobs').filter(({ effect }) => effect === 'Allow'),
    ).toEqual([
      expect.objectContaining({
        principal: { Service: 'sns.amazonaws.com' },
        actions: ['sqs:SendMessage'],
        condition: { ArnEquals: { 'aws:SourceArn': expect.stringMatching(/^arn:aws:sns:.+:jobs-/) } },
      }),
    ]);
  });

  it('lets only the source bucket of this account publish from S3', () => {
    expect(
      policyOn('aws:sns/topicPolicy:TopicPolicy', 'jobs').filter(({ effect }) => effect === 'Allow'),
    ).toEqual([
      expect.objectContaining({
        principal: { Service: 's3.amazonaws.com' },
        actions: ['sns:Publish'],
        condition: {
          ArnEquals: { 'aws:SourceArn': [bucketArn] },
          StringEquals: { 'aws:SourceAccount': '123456789012' },
        },
      }),
    ]);
  });

  it('lets no bucket publish when none reports uploads', async () => {
    const none = await record(() => new Jobs('jobs', { ...args, senderBucketArns: [] }));
    const policy = parsePolicy(String(none.resource('aws:sns/topicPolicy:TopicPolicy').inputs.policy));
    expect(policy.map(({ effect }) => effect)).toEqual(['Deny']);
  });

  it('uses no key of AWS for the topic, as S3 could not', () => {
    expect(jobs.resource('aws:sns/topic:Topic').inputs).toEqual({});
  });

  it('gives the worker the queue, and of the dead letters only sending', async () => {
    const statements = await promiseOf(pulumi.output(jobs.result.statements));
    expect(statements.map(({ Sid, Action, Resource }) => [Sid, Action.length, Resource])).toEqual([
      ['TakeJobs', 5, [expect.stringMatching(/:jobs-0a1b2c3$/)]],
      ['GiveUpJobs', 1, [expect.stringMatching(/:jobs-dead-0a1b2c3$/)]],
    ]);
  });
});

describe('Jobs with priority lanes', () => {
  let jobs: Recording<Jobs>;
  beforeAll(async () => {
    jobs = await record(() => new Jobs('jobs', { ...args, lanes: ['urgent', 'bulk'] }));
  });

  it('has a queue and a topic for each, and leads each topic to its queue without a filter', () => {
    const subscriptions = jobs
      .resourcesOf('aws:sns/topicSubscription:TopicSubscription')
      .map(({ inputs: { topic, endpoint, filterPolicy } }) => [
        String(topic)
          .split(':')
          .at(-1)
          ?.replace(/-0a1b2c3$/, ''),
        String(endpoint)
          .split(':')
          .at(-1)
          ?.replace(/-0a1b2c3$/, ''),
        filterPolicy,
      ]);
    expect(subscriptions).toEqual([
      ['jobs', 'jobs', undefined],
      ['jobs-urgent', 'jobs-urgent', undefined],
      ['jobs-bulk', 'jobs-bulk', undefined],
    ]);
  });

  it('keeps, hides and gives up the messages of all in the same way, to the same dead letters', () => {
    const queues = jobs.resourcesOf('aws:sqs/queue:Queue').filter(({ name }) => name !== 'jobs-dead');
    expect(queues.map(({ name }) => name)).toEqual(['jobs', 'jobs-urgent', 'jobs-bulk']);
    expect(new Set(queues.map(({ inputs }) => JSON.stringify(inputs))).size).toBe(1);
    const redrives = jobs.resourcesOf('aws:sqs/redrivePolicy:RedrivePolicy');
    expect(redrives).toHaveLength(3);
    expect(new Set(redrives.map(({ inputs }) => inputs.redrivePolicy)).size).toBe(1);
    const { redriveAllowPolicy } = jobs.resource('aws:sqs/redriveAllowPolicy:RedriveAllowPolicy').inputs;
    expect(JSON.parse(String(redriveAllowPolicy)).sourceQueueArns).toEqual([
      expect.stringMatching(/:jobs-0a1b2c3$/),
      expect.stringMatching(/:jobs-urgent-0a1b2c3$/),
      expect.stringMatching(/:jobs-bulk-0a1b2c3$/),
    ]);
  });

  it('lets no bucket publish to the topics of the lanes', () => {
    for (const name of ['jobs-urgent', 'jobs-bulk']) {
      const policy = parsePolicy(
        String(jobs.resource('aws:sns/topicPolicy:TopicPolicy', name).inputs.policy),
      );
      expect(policy.map(({ effect }) => effect)).toEqual(['Deny']);
    }
  });

  it('gives the worker all of its queues', async () => {
    const [take] = await promiseOf(pulumi.output(jobs.result.statements));
    expect(take?.Resource).toHaveLength(3);
  });
});

describe('BucketEvents', () => {
  const topicArn = 'arn:aws:sns:us-east-1:123456789012:jobs';
  const events = (prefix: string, suffixes: string[]) =>
    record(() => {
      const { topicPolicy } = new Jobs('jobs', args);
      return new BucketEvents('uploads', { bucket: 'uploads', topicArn, topicPolicy, prefix, suffixes });
    });

  it('has one entry for each suffix, of every way in which objects are made', async () => {
    const recording = await events('films/', ['.mp4', '.mov']);
    const common = { topicArn, events: ['s3:ObjectCreated:*'], filterPrefix: 'films/' };
    expect(recording.resource('aws:s3/bucketNotification:BucketNotification').inputs).toEqual({
      bucket: 'uploads',
      topics: [
        { ...common, filterSuffix: '.mp4' },
        { ...common, filterSuffix: '.mov' },
      ],
    });
  });

  it('takes everything when there is no suffix and no prefix', async () => {
    const recording = await events('', []);
    expect(recording.resource('aws:s3/bucketNotification:BucketNotification').inputs.topics).toEqual([
      { topicArn, events: ['s3:ObjectCreated:*'] },
    ]);
  });

  it('waits for the policy that lets S3 publish', async () => {
    const recording = await events('', []);
    const notification = recording.resource('aws:s3/bucketNotification:BucketNotification');
    expect(recording.dependsOn(notification, recording.resource('aws:sns/topicPolicy:TopicPolicy'))).toBe(
      true,
    );
  });
});
