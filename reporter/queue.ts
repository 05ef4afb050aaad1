import {
  DeleteMessageCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { attributeText } from '../worker/src/queue/queue.ts';

/** A message of the reports queue. */
export interface ReportMessage {
  body: string;
  /** String attributes by name. */
  attributes: Readonly<Record<string, string>>;
  sentAt: Date;
  receiptHandle: string;
}

/** The reports queue and its dead letters, in the calls that the reporter needs. */
export class ReportsQueue {
  readonly #sqs: SQSClient;
  readonly #urls: { url: string; deadLetterUrl: string };

  constructor(sqs: SQSClient, urls: { url: string; deadLetterUrl: string }) {
    this.#sqs = sqs;
    this.#urls = urls;
  }

  /** At most ten, as SQS has it. @param visibilitySeconds for which no other reporter gets them */
  async receive(
    waitSeconds: number,
    visibilitySeconds: number,
    signal: AbortSignal,
  ): Promise<ReportMessage[]> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#urls.url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilitySeconds,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
      { abortSignal: signal },
    );
    return Messages.map(({ Body = '', ReceiptHandle = '', Attributes, MessageAttributes = {} }) => ({
      body: Body,
      receiptHandle: ReceiptHandle,
      sentAt: new Date(Number(Attributes?.SentTimestamp ?? Date.now())),
      attributes: Object.fromEntries(
        Object.entries(MessageAttributes).flatMap(([name, { StringValue }]) =>
          StringValue === undefined ? [] : [[name, StringValue]],
        ),
      ),
    }));
  }

  /** @param delaySeconds SQS delays a message by up to 900 */
  async send(body: string, attributes: ReportMessage['attributes'] = {}, delaySeconds = 0): Promise<void> {
    await this.#sqs.send(
      new SendMessageCommand({
        QueueUrl: this.#urls.url,
        MessageBody: body,
        MessageAttributes: toSqs(attributes),
        DelaySeconds: Math.min(longestDelaySeconds, Math.max(0, Math.ceil(delaySeconds))),
      }),
    );
  }

  async sendToDeadLetters(body: string, attributes: ReportMessage['attributes']): Promise<void> {
    await this.#sqs.send(
      new SendMessageCommand({
        QueueUrl: this.#urls.deadLetterUrl,
        MessageBody: body,
        MessageAttributes: toSqs(attributes),
      }),
    );
  }

  async delete({ receiptHandle }: ReportMessage): Promise<void> {
    await this.#sqs.send(
      new DeleteMessageCommand({ QueueUrl: this.#urls.url, ReceiptHandle: receiptHandle }),
    );
  }
}

const longestDelaySeconds = 900;

function toSqs(attributes: ReportMessage['attributes']): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes)
      .map(([name, value]) => [name, attributeText(value)] as const)
      .filter(([, value]) => value !== '')
      .map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}
