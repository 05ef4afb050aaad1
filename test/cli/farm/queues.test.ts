import { expect, it } from 'vitest';
import { addressSchema } from '../../../cli/farm/address.ts';
import { readQueues } from '../../../cli/farm/queues.ts';

const queue = (name: string) => `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`;

it('jobs that wait before a function count as waiting in their lane', async () => {
  const waiting = new Map([
    [queue('jobs'), 1],
    [queue('door'), 10],
    [queue('urgent'), 100],
    [queue('urgent-door'), 1000],
    [queue('bulk-door'), 10_000],
  ]);
  const address = addressSchema.parse({
    region: 'eu-west-1',
    topicArn: 'arn:aws:sns:eu-west-1:123456789012:jobs',
    urgentTopicArn: 'arn:aws:sns:eu-west-1:123456789012:urgent',
    bulkTopicArn: 'arn:aws:sns:eu-west-1:123456789012:bulk',
    queueUrl: queue('jobs'),
    doorQueueUrl: queue('door'),
    urgentQueueUrl: queue('urgent'),
    urgentDoorQueueUrl: queue('urgent-door'),
    bulkQueueUrl: queue('bulk'),
    bulkDoorQueueUrl: queue('bulk-door'),
    deadLetterQueueUrl: queue('dead'),
    sourceStorage: 's3',
    sourceBucket: 'in',
    sourceRegion: 'eu-west-1',
    uploadsStartJobs: true,
    outputStorage: 's3',
    outputBucket: 'out',
    outputRegion: 'eu-west-1',
  });
  const sqs = {
    send: async ({ input }: { input: { QueueUrl: string } }) => ({
      Attributes: { ApproximateNumberOfMessages: String(waiting.get(input.QueueUrl) ?? 0) },
    }),
  };
  expect(await readQueues({ address, sqs: sqs as never })).toMatchObject({
    waiting: 11_111,
    lanes: { urgent: { waiting: 1100 }, bulk: { waiting: 10_000 } },
    dead: 0,
  });
});
