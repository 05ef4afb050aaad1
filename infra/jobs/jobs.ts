import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { ExtraLane, Lane } from '../../worker/src/protocol/lanes.ts';
import { policyDocument, tlsOnly } from '../policy.ts';
import type { PolicyStatement } from '../storage/backend.ts';
import { createDoor } from './door.ts';
import {
  createQueue,
  type LaneNames,
  laneNamesOf,
  namesOf,
  type QueueArgs,
  type QueueNames,
  setQueuePolicy,
} from './queue.ts';

export interface JobsArgs extends QueueArgs {
  /** ARNs of the S3 buckets that may announce uploads. */
  senderBucketArns: pulumi.Input<string>[];
  /** A function looks at jobs before workers do. @default none does */
  hasDoor?: boolean;
}

/**
 * The way in: a topic that takes jobs and bucket events, the queues that workers read, one for each lane, and their dead letters.
 * Jobs may also be sent to a queue directly.
 *
 * Cost: nothing up to a million requests of SQS and SNS a month; a worker that waits makes about 130,000.
 */
export class Jobs extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;
  /** A topic for each priority lane: what is published there is of that lane. */
  readonly laneTopicArns: Partial<Record<ExtraLane, pulumi.Output<string>>>;
  readonly queue: QueueNames;
  /** The queues of the priority lanes that the farm has beside it. */
  readonly lanes: LaneNames;
  readonly deadLetters: QueueNames;
  /** The queues before those of the lanes, where a function looks at jobs first. */
  readonly doors: Partial<Record<Lane, QueueNames>>;
  /** What a bucket's notification must wait for: S3 tries the topic when it is set. */
  readonly topicPolicy: aws.sns.TopicPolicy;
  /** What a worker may do with the queues. */
  readonly statements: PolicyStatement[];
  /** What the function may do with the queues before them. */
  readonly doorStatements: PolicyStatement[];

  constructor(name: string, args: JobsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:jobs:Jobs', name, {}, opts);
    const { queue, lanes, deadLetters } = createQueue(this, name, args);
    // Not encrypted by a customer key: S3 cannot use AWS's key for SNS (its events would vanish without a word), and a
    // customer key is $1 a month, more than all the rest of a sleeping farm. Messages name films and hold none; both
    // queues encrypt what they keep.
    const topic = new aws.sns.Topic(name, {}, { parent: this });
    this.topicPolicy = createTopicPolicy(this, name, topic, args.senderBucketArns);
    const doors: [Lane, aws.sqs.Queue][] = [];
    const doorOf = (lane: Lane, jobs: aws.sqs.Queue): NamedQueue | undefined => {
      if (!args.hasDoor) return undefined;
      const doorName = lane === 'normal' ? `${name}-door` : `${name}-door-${lane}`;
      const door = createDoor(this, doorName, { queue: jobs, retentionDays: args.retentionDays });
      doors.push([lane, door]);
      return { name: doorName, queue: door };
    };
    subscribe(this, { name, queue }, doorOf('normal', queue), topic);
    // One topic for each lane, and not one topic with filters: a filter for what names no lane drops what has no attributes at all, as
    // bucket events (https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html).
    const laneTopics = lanes.map(([lane, laneQueue]) => {
      const laneName = `${name}-${lane}`;
      const laneTopic = new aws.sns.Topic(laneName, {}, { parent: this });
      createTopicPolicy(this, laneName, laneTopic, []);
      subscribe(this, { name: laneName, queue: laneQueue }, doorOf(lane, laneQueue), laneTopic);
      return [lane, laneTopic.arn];
    });
    this.laneTopicArns = Object.fromEntries(laneTopics);
    this.topicArn = topic.arn;
    this.queue = namesOf(queue);
    this.lanes = laneNamesOf(lanes);
    this.deadLetters = namesOf(deadLetters);
    this.statements = workerStatements([queue, ...lanes.map(([, each]) => each)], deadLetters.arn);
    this.doors = Object.fromEntries(doors.map(([lane, door]) => [lane, namesOf(door)]));
    this.doorStatements = doorStatements(
      { doors: doors.map(([, door]) => door), behind: [queue, ...lanes.map(([, each]) => each)] },
      deadLetters.arn,
    );
    this.registerOutputs({ topicArn: topic.arn, queueUrl: queue.url, deadLetterQueueUrl: deadLetters.url });
  }
}

/** Everyone else needs a separate policy that names the topic. */
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
  return new aws.sns.TopicPolicy(name, { arn: topic.arn, policy: policyDocument(statements) }, { parent });
}

/** Its name is its resource's. */
interface NamedQueue {
  name: string;
  queue: aws.sqs.Queue;
}

/** What is published reaches the door, where there is one. */
function subscribe(parent: Jobs, jobs: NamedQueue, door: NamedQueue | undefined, topic: aws.sns.Topic): void {
  const subscriber = door ?? jobs;
  const queuePolicy = letTopicSend(parent, subscriber, topic);
  if (door) setQueuePolicy(parent, jobs.name, jobs.queue);
  new aws.sns.TopicSubscription(
    jobs.name,
    { topic: topic.arn, protocol: 'sqs', endpoint: subscriber.queue.arn, rawMessageDelivery: true },
    { parent, dependsOn: [queuePolicy] },
  );
}

function letTopicSend(parent: Jobs, { name, queue }: NamedQueue, topic: aws.sns.Topic): aws.sqs.QueuePolicy {
  const fromTopic = {
    Sid: 'TopicSends',
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queue.arn,
    Condition: { ArnEquals: { 'aws:SourceArn': topic.arn } },
  };
  return setQueuePolicy(parent, name, queue, [fromTopic]);
}

/** A retry, and each further upload of an event with several, is sent to the queue as a separate message. */
function workerStatements(
  queues: readonly aws.sqs.Queue[],
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
      Resource: queues.map(({ arn }) => arn),
    },
    { Sid: 'GiveUpJobs', Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [deadArn] },
  ];
}

/** It takes messages of its queues alone: what is behind them is the workers'. */
function doorStatements(
  { doors, behind }: Record<'doors' | 'behind', readonly aws.sqs.Queue[]>,
  deadArn: pulumi.Output<string>,
): PolicyStatement[] {
  const [take, giveUp] = workerStatements(doors, deadArn);
  if (take === undefined || giveUp === undefined || doors.length === 0) return [];
  return [
    take,
    giveUp,
    {
      Sid: 'PassJobsOn',
      Effect: 'Allow',
      Action: ['sqs:SendMessage'],
      Resource: behind.map(({ arn }) => arn),
    },
  ];
}
