import { PublishCommand } from '@aws-sdk/client-sns';
import { asciiJson } from '../../worker/src/protocol/ascii-json.ts';
import type { Job } from '../../worker/src/protocol/job.ts';
import { laneOf } from '../../worker/src/protocol/lanes.ts';
import { retrying } from '../../worker/src/storage/retry.ts';
import { canPass } from '../../worker/src/storage/s3-errors.ts';
import { maxRoundSeconds, uploadTiming } from '../upload/patience.ts';
import type { Farm } from './farm.ts';
import { laneAddress } from './lanes.ts';

export interface SendOptions {
  /** Makes one request of a job that is sent twice. */
  requestId: string;
  /** When the job entered the queue, where its status says so already. */
  queuedAt?: Date;
  /** @default a quarter of an hour */
  forSeconds?: number;
  signal?: AbortSignal;
  /** Called when the call has to wait, with the error. */
  onRetry?(error: unknown): void;
}

/**
 * Sends a job to the topic of its lane: a message there wakes a farm that sleeps.
 * @throws UserError where the farm has no such lane
 */
export async function publishJob(
  { sns, address }: Pick<Farm, 'sns' | 'address'>,
  job: Job,
  { requestId, queuedAt, forSeconds = uploadTiming.retrySeconds, signal, onRetry }: SendOptions,
): Promise<void> {
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  const message = new PublishCommand({
    TopicArn: laneAddress(address, laneOf(job)).topicArn,
    Message: asciiJson(job),
    MessageAttributes: {
      requestId: text(requestId),
      ...(queuedAt && { queuedAt: text(queuedAt.toISOString()) }),
    },
  });
  await retrying(() => sns.send(message, { abortSignal: signal }), {
    passes: canPass,
    forSeconds,
    maxRoundSeconds,
    onRetry: (error) => onRetry?.(error),
    signal,
  });
}
