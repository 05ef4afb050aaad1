import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { ExtraLane } from '../../worker/src/protocol/lanes.ts';
import { policyDocument, tlsOnly } from '../policy.ts';

export interface QueueArgs {
  /** Seconds for which a message stays hidden without a heartbeat: 0 to 43200. */
  visibilityTimeoutSeconds: number;
  /** Days that a message waits: 1 to 14. */
  retentionDays: number;
  /** Receives after which SQS itself puts a message among the dead letters. @default 40 */
  maxReceiveCount?: number;
  /** Further queues of the same kind, which share the dead letters. @default none */
  lanes?: readonly ExtraLane[];
}

/** What a queue is known by. */
export type QueueNames = Record<'arn' | 'url' | 'name', pulumi.Output<string>>;

/**
 * The worker counts failures itself (`maxAttempts`): a retry is a new message, and a job that can never work goes to the
 * dead letters at once. So a message is received again only when its worker was lost: by Spot, a deployment, a crash.
 * Ten losses must never cost a good job. After 25 the worker fails the job, and says why; this limit lies above
 * that, for messages that no worker lives to report on.
 */
const usualMaxReceiveCount = 40;

/** SQS keeps nothing longer. A message's age counts from when it was first sent, also in the dead letters. */
const deadLetterDays = 14;
const daySeconds = 86_400;

/** A queue that workers read, those of other lanes, and the dead letters of all. Its policy is its owner's to set: a queue has only one. */
export function createQueue(
  parent: pulumi.Resource,
  name: string,
  { visibilityTimeoutSeconds, retentionDays, maxReceiveCount = usualMaxReceiveCount, lanes = [] }: QueueArgs,
): { queue: aws.sqs.Queue; lanes: [ExtraLane, aws.sqs.Queue][]; deadLetters: aws.sqs.Queue } {
  const deadLetters = new aws.sqs.Queue(
    `${name}-dead`,
    { messageRetentionSeconds: deadLetterDays * daySeconds, sqsManagedSseEnabled: true },
    { parent },
  );
  setQueuePolicy(parent, `${name}-dead`, deadLetters);
  const create = (queueName: string) => {
    const queue = new aws.sqs.Queue(
      queueName,
      {
        visibilityTimeoutSeconds,
        messageRetentionSeconds: retentionDays * daySeconds,
        receiveWaitTimeSeconds: 20,
        sqsManagedSseEnabled: true,
      },
      { parent },
    );
    const redrive = new aws.sqs.RedrivePolicy(
      queueName,
      {
        queueUrl: queue.url,
        redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount }),
      },
      { parent },
    );
    return { queue, redrive };
  };
  const usual = create(name);
  const others = lanes.map((lane) => ({ lane, ...create(`${name}-${lane}`) }));
  new aws.sqs.RedriveAllowPolicy(
    `${name}-dead`,
    {
      queueUrl: deadLetters.url,
      redriveAllowPolicy: pulumi.jsonStringify({
        redrivePermission: 'byQueue',
        sourceQueueArns: [usual, ...others].map(({ queue }) => queue.arn),
      }),
    },
    { parent, dependsOn: [usual, ...others].map(({ redrive }) => redrive) },
  );
  return {
    queue: usual.queue,
    lanes: others.map(({ lane, queue }): [ExtraLane, aws.sqs.Queue] => [lane, queue]),
    deadLetters,
  };
}

/** The queue's one policy: what it is given, and TLS for all. */
export function setQueuePolicy(
  parent: pulumi.Resource,
  name: string,
  { arn, url }: Pick<QueueNames, 'arn' | 'url'>,
  statements: object[] = [],
): aws.sqs.QueuePolicy {
  return new aws.sqs.QueuePolicy(
    name,
    { queueUrl: url, policy: policyDocument([...statements, tlsOnly('sqs:*', arn)]) },
    { parent },
  );
}

/** The queues of the lanes beside `normal`. */
export type LaneNames = Partial<Record<ExtraLane, QueueNames>>;

export function laneNamesOf(lanes: readonly [ExtraLane, aws.sqs.Queue][]): LaneNames {
  return Object.fromEntries(lanes.map(([lane, queue]) => [lane, namesOf(queue)]));
}

export function namesOf({ arn, url, name }: aws.sqs.Queue): QueueNames {
  return { arn, url, name };
}
