import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { PolicyStatement } from '../storage/backend.ts';

export interface JobsArgs {
  /** Seconds for which a message stays hidden without a heartbeat: 0 to 43200. */
  visibilityTimeoutSeconds: number;
  /** Days that a job waits: 1 to 14. */
  retentionDays: number;
  /** ARNs of the S3 buckets that may tell of uploads. */
  senderBucketArns: pulumi.Input<string>[];
}

/**
 * The worker counts failures itself (`maxAttempts`): a retry is a new message, and a job that can never work goes to the
 * dead letters at once. So a message is received again only when its worker was lost: by Spot, a deployment, a crash.
 * Ten losses must never cost a good job. After 25 the worker gives up on a message, and says why; this limit lies above
 * that, for messages that no worker lives to report on.
 */
const maxReceiveCount = 40;

/** SQS keeps nothing longer. A message's age counts from when it was first sent, also in the dead letters. */
const deadLetterDays = 14;
const daySeconds = 86_400;

/**
 * The way in: a topic that takes jobs and bucket events, the queue that workers read, and its dead letters. Jobs may also
 * be sent to the queue directly.
 *
 * Cost: nothing up to a million requests of SQS and SNS a month; a worker that waits makes about 130,000.
 */
export class Jobs extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;
  readonly queue: { arn: pulumi.Output<string>; url: pulumi.Output<string>; name: pulumi.Output<string> };
  readonly deadLetters: {
    arn: pulumi.Output<string>;
    url: pulumi.Output<string>;
    name: pulumi.Output<string>;
  };
  /** What a bucket's notification must wait for: S3 tries the topic when it is set. */
  readonly topicPolicy: aws.sns.TopicPolicy;
  /** What a worker may do with the queues. */
  readonly statements: PolicyStatement[];

  constructor(name: string, args: JobsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:jobs:Jobs', name, {}, opts);
    const deadLetters = createDeadLetters(this, name);
    const queue = createQueue(this, name, args, deadLetters);
    // Not encrypted by a key of its own: S3 cannot use AWS's key for SNS (its events would vanish without a word), and a
    // customer key is $1 a month, more than all the rest of a sleeping farm. Messages name films and hold none; both
    // queues encrypt what they keep.
    const topic = new aws.sns.Topic(name, {}, { parent: this });
    this.topicPolicy = createTopicPolicy(this, name, topic, args.senderBucketArns);
    const queuePolicy = letTopicSend(this, name, queue, topic);
    new aws.sns.TopicSubscription(
      name,
      { topic: topic.arn, protocol: 'sqs', endpoint: queue.arn, rawMessageDelivery: true },
      { parent: this, dependsOn: [queuePolicy] },
    );
    this.topicArn = topic.arn;
    this.queue = { arn: queue.arn, url: queue.url, name: queue.name };
    this.deadLetters = { arn: deadLetters.arn, url: deadLetters.url, name: deadLetters.name };
    this.statements = workerStatements(queue.arn, deadLetters.arn);
    this.registerOutputs({ topicArn: topic.arn, queueUrl: queue.url, deadLetterQueueUrl: deadLetters.url });
  }
}

function createDeadLetters(parent: Jobs, name: string): aws.sqs.Queue {
  const queue = new aws.sqs.Queue(
    `${name}-dead`,
    { messageRetentionSeconds: deadLetterDays * daySeconds, sqsManagedSseEnabled: true },
    { parent },
  );
  new aws.sqs.QueuePolicy(
    `${name}-dead`,
    { queueUrl: queue.url, policy: policy([tlsOnly('sqs:*', queue.arn)]) },
    { parent },
  );
  return queue;
}

function createQueue(
  parent: Jobs,
  name: string,
  { visibilityTimeoutSeconds, retentionDays }: JobsArgs,
  deadLetters: aws.sqs.Queue,
): aws.sqs.Queue {
  const queue = new aws.sqs.Queue(
    name,
    {
      visibilityTimeoutSeconds,
      messageRetentionSeconds: retentionDays * daySeconds,
      receiveWaitTimeSeconds: 20,
      sqsManagedSseEnabled: true,
    },
    { parent },
  );
  const redrive = new aws.sqs.RedrivePolicy(
    name,
    {
      queueUrl: queue.url,
      redrivePolicy: pulumi.jsonStringify({
        deadLetterTargetArn: deadLetters.arn,
        maxReceiveCount,
      }),
    },
    { parent },
  );
  new aws.sqs.RedriveAllowPolicy(
    `${name}-dead`,
    {
      queueUrl: deadLetters.url,
      redriveAllowPolicy: pulumi.jsonStringify({
        redrivePermission: 'byQueue',
        sourceQueueArns: [queue.arn],
      }),
    },
    { parent, dependsOn: [redrive] },
  );
  return queue;
}

/** Everybody else needs a policy of their own that names the topic. */
function createTopicPolicy(
  parent: Jobs,
  name: string,
  topic: aws.sns.Topic,
  bucketArns: pulumi.Input<string>[],
): aws.sns.TopicPolicy {
  const account = aws.getCallerIdentityOutput({}, { parent }).accountId;
  const fromBuckets = {
    Sid: 'BucketEvents',
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sns:Publish',
    Resource: topic.arn,
    Condition: {
      ArnEquals: { 'aws:SourceArn': bucketArns },
      StringEquals: { 'aws:SourceAccount': account },
    },
  };
  const statements = [tlsOnly('sns:Publish', topic.arn), ...(bucketArns.length > 0 ? [fromBuckets] : [])];
  return new aws.sns.TopicPolicy(name, { arn: topic.arn, policy: policy(statements) }, { parent });
}

function letTopicSend(
  parent: Jobs,
  name: string,
  queue: aws.sqs.Queue,
  topic: aws.sns.Topic,
): aws.sqs.QueuePolicy {
  const fromTopic = {
    Sid: 'TopicSends',
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queue.arn,
    Condition: { ArnEquals: { 'aws:SourceArn': topic.arn } },
  };
  return new aws.sqs.QueuePolicy(
    name,
    { queueUrl: queue.url, policy: policy([fromTopic, tlsOnly('sqs:*', queue.arn)]) },
    { parent },
  );
}

function tlsOnly(action: string, resource: pulumi.Output<string>) {
  return {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}

function policy(statements: object[]): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: '2012-10-17', Statement: statements });
}

/** A retry, and each further upload of an event that tells of several, is sent to the queue as a message of its own. */
function workerStatements(
  queueArn: pulumi.Output<string>,
  deadArn: pulumi.Output<string>,
): PolicyStatement[] {
  return [
    {
      Sid: 'TakeJobs',
      Effect: 'Allow',
      Action: [
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:ChangeMessageVisibility',
        'sqs:GetQueueAttributes',
        'sqs:SendMessage',
      ],
      Resource: [queueArn],
    },
    { Sid: 'GiveUpJobs', Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [deadArn] },
  ];
}
