import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Farm } from './farm.ts';

/** Messages, about: SQS counts what its servers know at the moment. */
export interface Queues {
  waiting: number;
  /** In the hands of workers. */
  inFlight: number;
  /** Failed, and waiting for their next attempt. */
  delayed: number;
  /** Given up. */
  dead: number;
}

export async function readQueues({ address, sqs }: Pick<Farm, 'address' | 'sqs'>): Promise<Queues> {
  const count = async (QueueUrl: string) => {
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
  const [jobs, dead] = await Promise.all([count(address.queueUrl), count(address.deadLetterQueueUrl)]);
  return { ...jobs, dead: dead.waiting + dead.inFlight + dead.delayed };
}
