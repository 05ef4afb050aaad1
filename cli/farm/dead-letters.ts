import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { jobBody, readPartRequest } from '../../worker/src/protocol/part-request.ts';
import { UserError } from '../errors.ts';
import type { Farm } from './farm.ts';

/** A job that was given up, or a part request that no worker completed. */
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
  sentAt: string;
}

/** A dead letter that is hidden from others while this command holds it. */
export interface HeldDeadLetter extends DeadLetter {
  message: Message;
}

type Queues = Pick<Farm, 'address' | 'sqs'>;

/** How long a dead letter is held, that is hidden from others, without a renewal. */
const holdSeconds = 600;
/** Receiving thousands of them may take longer than that. */
const renewSeconds = holdSeconds / 3;

/** Takes every dead letter in hand. `release` or `redrive` each of them. */
export async function takeDeadLetters(
  queues: Queues,
  now: () => number = () => performance.now(),
): Promise<HeldDeadLetter[]> {
  const taken = await Promise.all([takeFrom(queues, 'jobs', now), takeFrom(queues, 'parts', now)]);
  return taken.flat();
}

async function takeFrom(
  { address, sqs }: Queues,
  queue: DeadLetter['queue'],
  now: () => number,
): Promise<HeldDeadLetter[]> {
  const QueueUrl = deadLettersOf(address, queue);
  const letters = new Map<string, HeldDeadLetter>();
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
const renew = (sqs: Queues['sqs'], queueUrl: string, letters: readonly HeldDeadLetter[]) =>
  hide(sqs, queueUrl, letters, holdSeconds);

async function hide(
  sqs: Queues['sqs'],
  QueueUrl: string,
  letters: readonly HeldDeadLetter[],
  seconds: number,
): Promise<void> {
  for (const batch of batches(letters)) {
    const Entries = batch.map(({ message }, index) => ({
      Id: String(index),
      ReceiptHandle: message.ReceiptHandle,
      VisibilityTimeout: seconds,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
}

/** SQS's batches have ten entries at most, and together not much more than one message may have. */
function batches(letters: readonly HeldDeadLetter[]): HeldDeadLetter[][] {
  const batches: HeldDeadLetter[][] = [];
  let bytes = 0;
  for (const letter of letters) {
    const size = JSON.stringify(letter.message).length;
    const last = batches.at(-1);
    if (last === undefined || last.length === 10 || bytes + size > 200_000) {
      batches.push([letter]);
      bytes = size;
    } else {
      last.push(letter);
      bytes += size;
    }
  }
  return batches;
}

function deadLettersOf(address: Queues['address'], queue: DeadLetter['queue']): string | undefined {
  return queue === 'jobs' ? address.deadLetterQueueUrl : address.partsDeadLetterQueueUrl;
}

/** Puts letters back among the dead ones. One that can't be put back comes back when its hold ends. */
export async function release({ address, sqs }: Queues, letters: readonly HeldDeadLetter[]): Promise<void> {
  for (const [queueUrl, held] of byQueue(address, letters))
    await hide(sqs, queueUrl, held, 0).catch(() => undefined);
}

function byQueue(
  address: Queues['address'],
  letters: readonly HeldDeadLetter[],
): [string, HeldDeadLetter[]][] {
  return (['jobs', 'parts'] as const).flatMap((queue) => {
    const queueUrl = deadLettersOf(address, queue);
    return queueUrl === undefined ? [] : [[queueUrl, letters.filter((letter) => letter.queue === queue)]];
  });
}

/** Attributes of the failed attempt: with them the job would begin at its last attempt. */
const endAttributes = new Set(['attempt', 'queuedAt', 'reason', 'reasonCode', 'jobId']);

/**
 * Sends letters' jobs again, at attempt 1, ten at a time. Only workers may send part requests, so the job of a dead part
 * request is sent to the jobs queue, once and under the request that it had: whoever takes it goes on after the recorded parts.
 * First sent, then deleted: cut off between the two, a job is there twice. Letters that wait for their turn are held.
 * @param onRedriven called after each batch
 * @throws UserError for what SQS did not take
 */
export async function redrive(
  { address, sqs }: Queues,
  letters: readonly HeldDeadLetter[],
  { signal, onRedriven, now = () => performance.now() }: RedriveOptions,
): Promise<void> {
  for (const [QueueUrl, held] of byQueue(address, letters)) {
    const sentJobs = new Set<string>();
    let renewedAt = now();
    let begun = 0;
    for (const batch of batches(held)) {
      signal.throwIfAborted();
      if (now() - renewedAt > renewSeconds * 1000) {
        await renew(sqs, QueueUrl, held.slice(begun));
        renewedAt = now();
      }
      begun += batch.length;
      const isNew = ({ queue, jobId = '' }: HeldDeadLetter, index: number) =>
        queue === 'jobs' ||
        !(sentJobs.has(jobId) || batch.slice(0, index).some((other) => other.jobId === jobId));
      const toSend = batch.filter(isNew);
      const failed = await sendJobs(sqs, address.queueUrl, toSend);
      for (const letter of toSend) if (!failed.has(letter)) sentJobs.add(letter.jobId ?? '');
      const done = batch.filter((letter) =>
        toSend.includes(letter) ? !failed.has(letter) : sentJobs.has(letter.jobId ?? ''),
      );
      const Entries = done.map(({ message }, id) => ({
        Id: String(id),
        ReceiptHandle: message.ReceiptHandle,
      }));
      if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      onRedriven(done);
      const [why] = failed.values();
      if (why !== undefined) throw new UserError(`SQS did not take a job back: ${why}.`);
    }
  }
}

/** @returns the letters whose job SQS did not take, each with its reason */
async function sendJobs(
  sqs: Queues['sqs'],
  QueueUrl: string | undefined,
  letters: readonly HeldDeadLetter[],
): Promise<Map<HeldDeadLetter, string>> {
  if (letters.length === 0) return new Map();
  const Entries = letters.map((letter, id) => ({ Id: String(id), ...requestOf(letter) }));
  const { Successful = [], Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const taken = new Set(Successful.map(({ Id }) => Id));
  const reasonOf = (id: string) => {
    const failure = Failed.find(({ Id }) => Id === id);
    return `${failure?.Code}: ${failure?.Message}`;
  };
  return new Map(
    letters.flatMap((letter, id) => (taken.has(String(id)) ? [] : [[letter, reasonOf(String(id))] as const])),
  );
}

interface RedriveOptions {
  signal: AbortSignal;
  onRedriven(letters: readonly HeldDeadLetter[]): void;
  /** Milliseconds. */
  now?: () => number;
}

/** The message that a letter was. */
function requestOf(letter: HeldDeadLetter) {
  if (letter.queue === 'parts') return jobOfPartRequest(letter);
  const { Body, MessageAttributes = {} } = letter.message;
  // The worker gives the letters that it writes an id for the next request; others still have the failed one's.
  const writtenByWorker = MessageAttributes.reason !== undefined;
  return {
    MessageBody: Body,
    MessageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).filter(
        ([name]) => !endAttributes.has(name) && (name !== 'requestId' || writtenByWorker),
      ),
    ),
    ...groupOf(letter.message),
  };
}

function jobOfPartRequest({ message }: HeldDeadLetter) {
  const { job } = readPartRequest(message.Body ?? '');
  return {
    MessageBody: jobBody(job),
    MessageAttributes: { requestId: { DataType: 'String', StringValue: job.requestId } },
    ...groupOf(message),
  };
}

function groupOf({ Attributes }: Message) {
  return Attributes?.MessageGroupId === undefined ? {} : { MessageGroupId: Attributes.MessageGroupId };
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

function readLetter(message: Message, queue: DeadLetter['queue']): HeldDeadLetter {
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
