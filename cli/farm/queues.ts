import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Farm } from './farm.ts';

/** Messages, approximately: SQS counts what its servers know at the moment. */
interface Counts {
  waiting: number;
  /** Received by workers. */
  inFlight: number;
  /** Failed, and waiting for their next attempt. */
  delayed: number;
}

/** Jobs; and part requests, on farms where several workers make one film together. */
export interface Queues extends Counts {
  /** Dead letters of both. */
  dead: number;
  parts?: Counts;
}

export async function readQueues({ address, sqs }: Pick<Farm, 'address' | 'sqs'>): Promise<Queues> {
  const count = async (QueueUrl: string | undefined): Promise<Counts | undefined> => {
    if (QueueUrl === undefined) return undefined;
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return {
      waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
    };
  };
  const [jobs, parts, ...dead] = await Promise.all([
    count(address.queueUrl),
    count(address.partsQueueUrl),
    count(address.deadLetterQueueUrl),
    count(address.partsDeadLetterQueueUrl),
  ]);
  return {
    ...(jobs ?? none),
    ...(parts && { parts }),
    dead: dead.reduce((sum, queue) => sum + (queue ? total(queue) : 0), 0),
  };
}

const none: Counts = { waiting: 0, inFlight: 0, delayed: 0 };

export function total({ waiting, inFlight, delayed }: Counts): number {
  return waiting + inFlight + delayed;
}

/** In words, one line each. */
export function queueLines(queues: Queues): string[] {
  return [
    queueFacts(queues).join(' · '),
    ...(queues.parts
      ? [`helpers requested: ${queues.parts.waiting} · helping: ${queues.parts.inFlight}`]
      : []),
  ];
}

export function queueFacts({ waiting, inFlight, delayed, dead }: Queues): [string, string, string, string] {
  return [`${waiting} queued`, `${inFlight} running`, `${delayed} retrying`, `${dead} failed`];
}
