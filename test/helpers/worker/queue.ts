import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { pino } from 'pino';
import type { Logger } from '../../../worker/src/log.ts';

/** A queue with dead letters. */
export interface TestQueue extends AsyncDisposable {
  sqs: SQSClient;
  url: string;
  deadLetterUrl: string;
  endpoint: string;
  send(body: string, attributes?: Record<string, string>): Promise<string>;
  /** Waiting, held and delayed messages. */
  counts(): Promise<{ waiting: number; held: number; delayed: number }>;
  /** Takes all dead letters there are. */
  deadLetters(): Promise<DeadLetter[]>;
  /** Empties both queues. */
  clear(): void;
  close(): Promise<void>;
}

export interface DeadLetter {
  body: string;
  attributes: Record<string, string>;
}

export async function startTestQueue(maxReceiveCount = 100, port = 0): Promise<TestQueue> {
  const server = await startFauxqs({ port, logger: false });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const { queueArn } = server.createQueue('jobs-dead');
  server.createQueue('jobs', {
    attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn, maxReceiveCount }) },
  });
  const url = `${endpoint}/000000000000/jobs`;
  const deadLetterUrl = `${endpoint}/000000000000/jobs-dead`;
  const sqs = testSqsClient(endpoint);
  const close = async () => {
    sqs.destroy();
    await server.stop();
  };
  return {
    sqs,
    url,
    deadLetterUrl,
    endpoint,
    async send(body, attributes = {}) {
      const sent = await sqs.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: body,
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, StringValue]) => [
              name,
              { DataType: 'String', StringValue },
            ]),
          ),
        }),
      );
      return sent.MessageId ?? '';
    },
    async counts() {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
      );
      return {
        waiting: Number(Attributes.ApproximateNumberOfMessages),
        held: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
        delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
      };
    },
    async deadLetters() {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: deadLetterUrl,
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages.map((message) => ({
        body: message.Body ?? '',
        attributes: Object.fromEntries(
          Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
            name,
            value.StringValue ?? '',
          ]),
        ),
      }));
    },
    clear: () => server.reset(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

export function testSqsClient(endpoint: string): SQSClient {
  return new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}

/** A logger whose lines a test can read. */
export function recordingLogger(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}
