import * as pulumi from '@pulumi/pulumi';
import type { PolicyStatement } from '../storage/backend.ts';
import {
  createQueue,
  type LaneNames,
  laneNamesOf,
  namesOf,
  type QueueArgs,
  type QueueNames,
  setQueuePolicy,
} from './queue.ts';

/**
 * Carries part requests: each asks for one more worker for a film that is being made, and ends when no part
 * is left to begin. So its messages, waiting and in flight, are the further workers that films can use now.
 *
 * A part that can't be made fails its job, in the jobs' dead letters. The dead letters here are a net for part requests that
 * exceed their receive limit.
 *
 * Cost: nothing up to a million requests of SQS a month.
 */
export class Parts extends pulumi.ComponentResource {
  readonly queue: QueueNames;
  /** The queues of the priority lanes that the farm has beside it. */
  readonly lanes: LaneNames;
  readonly deadLetters: QueueNames;
  /** What a worker may do with the queue. */
  readonly statements: PolicyStatement[];
  /** What the function before the jobs queue may do with it. */
  readonly doorStatements: PolicyStatement[];

  constructor(name: string, args: QueueArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:jobs:Parts', name, {}, opts);
    const { queue, lanes, deadLetters } = createQueue(this, name, args);
    this.queue = namesOf(queue);
    this.lanes = laneNamesOf(lanes);
    this.deadLetters = namesOf(deadLetters);
    this.statements = [
      {
        Sid: 'ShareParts',
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:SendMessage'],
        Resource: [queue, ...lanes.map(([, each]) => each)].map(({ arn }) => arn),
      },
    ];
    this.doorStatements = [
      {
        Sid: 'AskForParts',
        Effect: 'Allow',
        Action: ['sqs:SendMessage'],
        Resource: [queue, ...lanes.map(([, each]) => each)].map(({ arn }) => arn),
      },
    ];
    this.registerOutputs({ queueUrl: queue.url, deadLetterQueueUrl: deadLetters.url });
  }
}

export interface PartsSendersArgs {
  queue: QueueNames;
  /** The roles that workers run under, functions among them. */
  workerRoleArns: pulumi.Input<string>[];
}

/**
 * Who may send part requests: workers alone. Within an account a queue is open to whoever has `sqs:SendMessage` by IAM, and apps
 * that send jobs often have it for every queue; what is said here comes from a worker, and is believed.
 *
 * Apart from `Parts`, because the workers' role is made with the service, which must know the queue.
 */
export class PartsSenders extends pulumi.ComponentResource {
  constructor(
    name: string,
    { queue, workerRoleArns }: PartsSendersArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('transcode-farm:jobs:PartsSenders', name, {}, opts);
    const [only] = workerRoleArns;
    setQueuePolicy(this, name, queue, [
      {
        Sid: 'WorkersAlone',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:SendMessage',
        Resource: queue.arn,
        // The role's ARN also for its sessions; services have none, and are denied too. Source:
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        Condition: {
          ArnNotEquals: { 'aws:PrincipalArn': workerRoleArns.length === 1 ? only : workerRoleArns },
        },
      },
    ]);
    this.registerOutputs();
  }
}

/** The same for the parts queue of each lane. */
export function createPartsSenders(
  name: string,
  { queue, lanes }: Pick<Parts, 'queue' | 'lanes'>,
  workerRoleArns: pulumi.Input<string>[],
  own: pulumi.ComponentResourceOptions,
): void {
  new PartsSenders(name, { queue, workerRoleArns }, own);
  for (const [lane, laneQueue] of Object.entries(lanes))
    new PartsSenders(`${name}-${lane}`, { queue: laneQueue, workerRoleArns }, own);
}
