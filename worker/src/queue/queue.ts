import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { NewMessage, ReceivedMessage } from '../protocol/queue-message.ts';
import type { Settings } from '../settings/settings.ts';

/** Longest wait of one receive call that SQS allows, in seconds. */
export const longPollSeconds = 20;

/**
 * How long, in seconds, a message is hidden before the first heartbeat. Short, because SQS may hand a message to a
 * poll that was given up a moment ago, and no worker would see that message until its visibility timeout ends.
 */
export const firstHoldSeconds = 5;

/** A queue and its dead letter queue, in the calls that we need. Nothing is retried here: callers know what waiting costs. */
export interface Queue {
  /** As AWS names it. */
  readonly name: string;
  /** Waits this many seconds for a message, at most 20. @throws AbortError when aborted */
  receive(signal: AbortSignal, waitSeconds?: number): Promise<ReceivedMessage | undefined>;
  /** Hides the message for this many seconds from now; 0 gives it back. @throws MessageGoneError */
  hide(message: ReceivedMessage, seconds: number, signal?: AbortSignal): Promise<void>;
  delete(message: ReceivedMessage): Promise<void>;
  send(message: NewMessage): Promise<void>;
  sendToDeadLetters(message: NewMessage): Promise<void>;
}

/** The message is no longer this worker's: another has it, or it was deleted. */
export class MessageGoneError extends Error {
  override readonly name = 'MessageGoneError';
}

export function createQueue(
  sqs: SQSClient,
  settings: Pick<Settings['queue'], 'url' | 'deadLetterUrl' | 'visibilityTimeoutSeconds'>,
): Queue {
  const send = async (QueueUrl: string, message: NewMessage) => {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: message.body,
        MessageAttributes: toSqsAttributes(message.attributes ?? {}),
        MessageGroupId: message.groupId,
        DelaySeconds: message.delaySeconds,
      }),
    );
  };
  return {
    name: settings.url.split('/').at(-1) ?? '',
    async receive(signal, waitSeconds = longPollSeconds) {
      const { Messages } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: settings.url,
          MaxNumberOfMessages: 1,
          WaitTimeSeconds: waitSeconds,
          VisibilityTimeout: Math.min(firstHoldSeconds, settings.visibilityTimeoutSeconds),
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp', 'MessageGroupId'],
        }),
        { abortSignal: signal },
      );
      const message = Messages?.[0];
      return message === undefined ? undefined : toReceived(message);
    },
    async hide(message, seconds, signal) {
      try {
        await sqs.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: settings.url,
            ReceiptHandle: message.receiptHandle,
            VisibilityTimeout: Math.floor(seconds),
          }),
          signal === undefined ? {} : { abortSignal: signal },
        );
      } catch (error) {
        if (!goneErrors.has((error as Error).name)) throw error;
        throw new MessageGoneError(`SQS no longer lets this worker hold message ${message.id}`, {
          cause: error,
        });
      }
    },
    async delete(message) {
      await sqs.send(
        new DeleteMessageCommand({ QueueUrl: settings.url, ReceiptHandle: message.receiptHandle }),
      );
    },
    send: (message) => send(settings.url, message),
    sendToDeadLetters: (message) => send(settings.deadLetterUrl, message),
  };
}

/** How SQS says that a receipt handle is worth nothing any more; the last is also its answer beyond 12 hours. */
const goneErrors = new Set([
  'MessageNotInflight',
  'ReceiptHandleIsInvalid',
  'InvalidIdFormat',
  'InvalidParameterValue',
  'InvalidParameterValueException',
]);

function toReceived(message: {
  MessageId?: string;
  Body?: string;
  ReceiptHandle?: string;
  Attributes?: Partial<Record<string, string>>;
  MessageAttributes?: Record<string, MessageAttributeValue>;
}): ReceivedMessage {
  const system = message.Attributes ?? {};
  const groupId = system.MessageGroupId;
  return {
    id: message.MessageId ?? '',
    body: message.Body ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    receiveCount: Number(system.ApproximateReceiveCount ?? 1),
    sentAt: new Date(Number(system.SentTimestamp ?? Date.now())),
    ...(groupId === undefined ? {} : { groupId }),
    attributes: fromSqsAttributes(message.MessageAttributes ?? {}),
  };
}

function fromSqsAttributes(attributes: Record<string, MessageAttributeValue>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { StringValue }]) =>
      StringValue === undefined ? [] : [[name, StringValue]],
    ),
  );
}

function toSqsAttributes(
  attributes: Readonly<Record<string, string>>,
): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes)
      .map(([name, value]) => [name, attributeText(value)] as const)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  );
}

/**
 * What SQS takes as text: no empty values, and of the control characters only tab and line ends.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function attributeText(text: string): string {
  return Array.from(text.toWellFormed().slice(0, 1000))
    .map((character) =>
      /[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(character) ? character : ' ',
    )
    .join('');
}
