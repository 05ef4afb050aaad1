import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Farm } from './farm.ts';

/** A job that was given up, or a part request that no worker saw to its end. */
export interface DeadLetter {
  /** Where a redriven letter goes. */
  queue: 'jobs' | 'parts';
  messageId: string;
  /** Unknown for messages that name no job. */
  jobId?: string;
  source?: string;
  /** In a sentence. Unknown where SQS itself put the message aside. */
  reason?: string;
  reasonCode?: string;
  sentAt: string;
}

/** A dead letter in our hands. */
export interface HeldLetter extends DeadLetter {
  message: Message;
}

type Queues = Pick<Farm, 'address' | 'sqs'>;

/** How long a dead letter is held, that is hidden from others, without a renewal. */
const holdSeconds = 600;
/** Receiving thousands of them may take longer than that. */
const renewSeconds = holdSeconds / 3;
/** ChangeMessageVisibilityBatch takes this many. */
const renewedPerCall = 10;

/** Takes every dead letter in hand. `release` or `redrive` each of them. */
export async function takeDeadLetters(
  queues: Queues,
  now: () => number = () => performance.now(),
): Promise<HeldLetter[]> {
  const taken = await Promise.all([takeFrom(queues, 'jobs', now), takeFrom(queues, 'parts', now)]);
  return taken.flat();
}

async function takeFrom(
  { address, sqs }: Queues,
  queue: DeadLetter['queue'],
  now: () => number,
): Promise<HeldLetter[]> {
  const QueueUrl = deadLettersOf(address, queue);
  const letters = new Map<string, HeldLetter>();
  let renewedAt = now();
  while (QueueUrl !== undefined) {
    if (now() - renewedAt > renewSeconds * 1000) {
      await renew(sqs, QueueUrl, [...letters.values()]);
      renewedAt = now();
    }
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: holdSeconds,
        // Asks all of SQS's servers, so that none is missed.
        WaitTimeSeconds: 1,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
      }),
    );
    const known = letters.size;
    for (const message of Messages) letters.set(message.MessageId ?? '', readLetter(message, queue));
    if (letters.size === known) break;
  }
  return [...letters.values()];
}

/** One that can't be renewed is seen by others before its time, which harms nothing. */
async function renew(sqs: Queues['sqs'], QueueUrl: string, letters: readonly HeldLetter[]): Promise<void> {
  for (let start = 0; start < letters.length; start += renewedPerCall) {
    const Entries = letters.slice(start, start + renewedPerCall).map(({ message }, index) => ({
      Id: String(index),
      ReceiptHandle: message.ReceiptHandle,
      VisibilityTimeout: holdSeconds,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
}

function deadLettersOf(address: Queues['address'], queue: DeadLetter['queue']): string | undefined {
  return queue === 'jobs' ? address.deadLetterQueueUrl : address.partsDeadLetterQueueUrl;
}

/** Puts a letter back among the dead ones. */
export async function release({ address, sqs }: Queues, { message, queue }: HeldLetter): Promise<void> {
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: deadLettersOf(address, queue),
      ReceiptHandle: message.ReceiptHandle,
      VisibilityTimeout: 0,
    }),
  );
}

/** What of the letter's end must not come along, or the job would begin at its last attempt. */
const endAttributes = new Set(['attempt', 'queuedAt', 'reason', 'reasonCode', 'jobId']);

/** Sends a letter's job anew, at attempt 1. First sent, then deleted: cut off between the two, it is there twice. */
export async function redrive({ address, sqs }: Queues, { message, queue }: HeldLetter): Promise<void> {
  const attributes = message.MessageAttributes ?? {};
  // The worker gives the letters that it writes an id for the next request; others still have the failed one's.
  const writtenByWorker = attributes.reason !== undefined;
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queue === 'jobs' ? address.queueUrl : address.partsQueueUrl,
      MessageBody: message.Body,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).filter(
          ([name]) => !endAttributes.has(name) && (name !== 'requestId' || writtenByWorker),
        ),
      ),
      ...(message.Attributes?.MessageGroupId && { MessageGroupId: message.Attributes.MessageGroupId }),
    }),
  );
  await sqs.send(
    new DeleteMessageCommand({
      QueueUrl: deadLettersOf(address, queue),
      ReceiptHandle: message.ReceiptHandle,
    }),
  );
}

export interface LetterChoice {
  /** Ids of jobs or of messages; none: all. */
  ids: readonly string[];
  /** A reason's code, or words of the reason. */
  reason?: string;
}

export function isChosen(letter: DeadLetter, { ids, reason }: LetterChoice): boolean {
  const byId = ids.length === 0 || ids.some((id) => id === letter.jobId || id === letter.messageId);
  const words = reason?.toLowerCase();
  const byReason =
    words === undefined ||
    letter.reasonCode?.toLowerCase() === words ||
    (letter.reason?.toLowerCase().includes(words) ?? false);
  return byId && byReason;
}

function readLetter(message: Message, queue: DeadLetter['queue']): HeldLetter {
  const attribute = (name: string) => message.MessageAttributes?.[name]?.StringValue;
  const { id, source } = readBody(message.Body ?? '');
  return {
    queue,
    messageId: message.MessageId ?? '',
    jobId: attribute('jobId') ?? id,
    source,
    reason: attribute('reason'),
    reasonCode: attribute('reasonCode'),
    sentAt: new Date(Number(message.Attributes?.SentTimestamp ?? 0)).toISOString(),
    message,
  };
}

function readBody(body: string): { id?: string; source?: string } {
  try {
    const parsed = JSON.parse(body) as { job?: object };
    // A part request carries its job.
    const { id, source, Records } = (parsed.job ?? parsed) as {
      id?: unknown;
      source?: unknown;
      Records?: { s3?: { bucket?: { name?: string }; object?: { key?: string } } }[];
    };
    const { bucket, object } = Records?.[0]?.s3 ?? {};
    const uploaded = object?.key === undefined ? undefined : `s3://${bucket?.name}/${object.key}`;
    return {
      ...(typeof id === 'string' && { id }),
      source: typeof source === 'string' ? source : uploaded,
    };
  } catch {
    return {};
  }
}
