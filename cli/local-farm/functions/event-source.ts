import {
  DeleteMessageCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { localCredentials } from '../emulator.ts';
import { type LocalFunctions, TooManyCallsError } from './functions.ts';

export interface EventSourceOptions {
  functions: LocalFunctions;
  endpoint: string;
  region: string;
  queueUrl: string;
  /** Messages that are worked on at once. */
  maximumConcurrency: number;
}

const throttledPauseMs = 500;

/**
 * An SQS event source: calls the function with one message at a time for each of its pollers, and deletes what the function does
 * not report as failed.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export class EventSource {
  readonly #options: EventSourceOptions;
  readonly #sqs: SQSClient;
  readonly #closing = new AbortController();
  readonly #pollers: Promise<void>[];

  constructor(options: EventSourceOptions) {
    this.#options = options;
    const { endpoint, region } = options;
    this.#sqs = new SQSClient({ endpoint, region, credentials: localCredentials });
    this.#pollers = Array.from({ length: options.maximumConcurrency }, () => this.#poll());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#pollers);
    this.#sqs.destroy();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const message = await this.#receive().catch(() => undefined);
      if (message !== undefined) await this.#handle(message);
    }
  }

  async #receive(): Promise<Message | undefined> {
    const { Messages } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#options.queueUrl,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: 20,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
      { abortSignal: this.#closing.signal },
    );
    return Messages?.[0];
  }

  async #handle(message: Message): Promise<void> {
    const result = await this.#invoke(JSON.stringify(toEvent(message, this.#options.queueUrl)));
    // A message of a failed call comes back when its visibility ends.
    if (result?.kind !== 'answered' || hasFailures(result.body)) return;
    const { queueUrl } = this.#options;
    const { ReceiptHandle } = message;
    await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle })).catch(() => {
      // The function has deleted it.
    });
  }

  async #invoke(event: string) {
    while (!this.#closing.signal.aborted) {
      try {
        return await this.#options.functions.invoke(event);
      } catch (error) {
        if (!(error instanceof TooManyCallsError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, throttledPauseMs));
      }
    }
    return undefined;
  }
}

function hasFailures(body: string): boolean {
  const answer = JSON.parse(body) as { batchItemFailures?: unknown[] } | null;
  return (answer?.batchItemFailures?.length ?? 0) > 0;
}

/** As Lambda words it: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function toEvent(
  { MessageId, ReceiptHandle, Body, Attributes, MessageAttributes = {} }: Message,
  queueUrl: string,
): object {
  return {
    Records: [
      {
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        attributes: Attributes,
        messageAttributes: Object.fromEntries(
          Object.entries(MessageAttributes).map(([name, value]) => [name, toLambda(value)]),
        ),
        eventSource: 'aws:sqs',
        eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueUrl.split('/').at(-1)}`,
      },
    ],
  };
}

function toLambda({ StringValue, DataType }: MessageAttributeValue): object {
  return { stringValue: StringValue, dataType: DataType };
}
