import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Farm } from './farm.ts';

/** How long a message is held, that is hidden from others, without a renewal. */
const holdSeconds = 600;
/** Receiving thousands of them may take longer than that. */
const renewSeconds = holdSeconds / 3;

/** What a queue of dead letters holds, hidden from others while a command works on it. */
export class HeldMessages {
  readonly #sqs: Farm['sqs'];
  readonly #queueUrl: string;
  readonly #now: () => number;
  #renewedAt: number;

  /** @param now milliseconds */
  constructor(sqs: Farm['sqs'], queueUrl: string, now: () => number) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#now = now;
    this.#renewedAt = now();
  }

  /** Every message of the queue, each once. */
  async takeAll(): Promise<Message[]> {
    const taken = new Map<string, Message>();
    for (;;) {
      await this.renewWhenDue([...taken.values()]);
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.#queueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: holdSeconds,
          // Asks all of SQS's servers, so that none is missed.
          WaitTimeSeconds: 1,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
        }),
      );
      const known = taken.size;
      for (const message of Messages) taken.set(message.MessageId ?? '', message);
      if (taken.size === known) return [...taken.values()];
    }
  }

  /** One that can't be renewed is seen by others before its time, which harms nothing. */
  async renewWhenDue(messages: readonly Message[]): Promise<void> {
    if (this.#now() - this.#renewedAt <= renewSeconds * 1000) return;
    await this.#hide(messages, holdSeconds);
    this.#renewedAt = this.#now();
  }

  /** Puts messages back. One that can't be put back comes back when its hold ends. */
  async release(messages: readonly Message[]): Promise<void> {
    await this.#hide(messages, 0).catch(() => undefined);
  }

  async remove(messages: readonly Message[]): Promise<void> {
    for (const batch of batchesOf(messages, (message) => message)) {
      const Entries = batch.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }));
    }
  }

  async #hide(messages: readonly Message[], VisibilityTimeout: number): Promise<void> {
    for (const batch of batchesOf(messages, (message) => message)) {
      const Entries = batch.map(({ ReceiptHandle }, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout,
      }));
      await this.#sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#queueUrl, Entries }));
    }
  }
}

/** SQS's batches have ten entries at most, and together not much more than one message may have. */
export function batchesOf<T>(items: readonly T[], messageOf: (item: T) => Message): T[][] {
  const batches: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = JSON.stringify(messageOf(item)).length;
    const last = batches.at(-1);
    if (last === undefined || last.length === 10 || bytes + size > 200_000) {
      batches.push([item]);
      bytes = size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return batches;
}
