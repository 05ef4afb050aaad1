import type { Message } from '@aws-sdk/client-sqs';
import { type Lane, laneNames } from '../../worker/src/protocol/lanes.ts';
import type { Farm } from './farm.ts';
import { HeldMessages } from './held-messages.ts';

/** The message of a failed job, or a part request that no worker completed. */
export interface DeadLetter {
  /** Whose dead letter it is. */
  queue: 'jobs' | 'parts';
  messageId: string;
  /** Unknown for messages that name no job. */
  jobId?: string;
  source?: string;
  /** In a sentence. Unknown where SQS itself put the message aside. */
  reason?: string;
  reasonCode?: string;
  /** As the job names it. */
  lane?: Lane;
  sentAt: string;
}

/** A dead letter that is hidden from others while this command holds it. */
export interface HeldDeadLetter extends DeadLetter {
  message: Message;
}

export type Queues = Pick<Farm, 'address' | 'sqs'>;

/** Takes every dead letter. `release` or `redrive` each of them. */
export async function takeDeadLetters(
  { address, sqs }: Queues,
  now: () => number = () => performance.now(),
): Promise<HeldDeadLetter[]> {
  const taken = await Promise.all(
    queuesOf(address).map(async ({ queue, queueUrl }) => {
      const messages = await new HeldMessages(sqs, queueUrl, now).takeAll();
      return messages.map((message) => readDeadLetter(message, queue));
    }),
  );
  return taken.flat();
}

/** Puts dead letters back. One that can't be put back comes back when its hold ends. */
export async function release(
  { address, sqs }: Queues,
  deadLetters: readonly HeldDeadLetter[],
  now: () => number = () => performance.now(),
): Promise<void> {
  for (const { queueUrl, held } of byQueue(address, deadLetters))
    await new HeldMessages(sqs, queueUrl, now).release(held.map(({ message }) => message));
}

export function byQueue(
  address: Queues['address'],
  deadLetters: readonly HeldDeadLetter[],
): { queueUrl: string; held: HeldDeadLetter[] }[] {
  return queuesOf(address).map(({ queue, queueUrl }) => ({
    queueUrl,
    held: deadLetters.filter((deadLetter) => deadLetter.queue === queue),
  }));
}

function queuesOf(address: Queues['address']): { queue: DeadLetter['queue']; queueUrl: string }[] {
  const { deadLetterQueueUrl, partsDeadLetterQueueUrl } = address;
  return [
    ...(deadLetterQueueUrl === undefined ? [] : [{ queue: 'jobs' as const, queueUrl: deadLetterQueueUrl }]),
    ...(partsDeadLetterQueueUrl === undefined
      ? []
      : [{ queue: 'parts' as const, queueUrl: partsDeadLetterQueueUrl }]),
  ];
}

export interface DeadLetterChoice {
  /** Ids of jobs or of messages; none: all. */
  ids: readonly string[];
  /** A reason's code, or words of the reason. */
  reason?: string;
}

export function isChosen(deadLetter: DeadLetter, { ids, reason }: DeadLetterChoice): boolean {
  const byId = ids.length === 0 || ids.some((id) => id === deadLetter.jobId || id === deadLetter.messageId);
  const words = reason?.toLowerCase();
  const byReason =
    words === undefined ||
    deadLetter.reasonCode?.toLowerCase() === words ||
    (deadLetter.reason?.toLowerCase().includes(words) ?? false);
  return byId && byReason;
}

function readDeadLetter(message: Message, queue: DeadLetter['queue']): HeldDeadLetter {
  const attribute = (name: string) => message.MessageAttributes?.[name]?.StringValue;
  const { id, source, lane } = readBody(message.Body ?? '');
  return {
    queue,
    messageId: message.MessageId ?? '',
    jobId: attribute('jobId') ?? id,
    source,
    reason: attribute('reason'),
    reasonCode: attribute('reasonCode'),
    ...(lane && { lane }),
    sentAt: new Date(Number(message.Attributes?.SentTimestamp ?? 0)).toISOString(),
    message,
  };
}

function readBody(body: string): { id?: string; source?: string; lane?: Lane } {
  try {
    const parsed = JSON.parse(body) as { job?: object };
    // A part request carries its job.
    const { id, source, options, Records } = (parsed.job ?? parsed) as {
      id?: unknown;
      source?: unknown;
      options?: { lane?: unknown };
      Records?: { s3?: { bucket?: { name?: string }; object?: { key?: string } } }[];
    };
    const { bucket, object } = Records?.[0]?.s3 ?? {};
    const lane = laneNames.find((name) => name === options?.lane);
    const uploaded = object?.key === undefined ? undefined : `s3://${bucket?.name}/${object.key}`;
    return {
      ...(typeof id === 'string' && { id }),
      ...(lane && { lane }),
      source: typeof source === 'string' ? source : uploaded,
    };
  } catch {
    return {};
  }
}
