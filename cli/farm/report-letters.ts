import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Target } from '../../reporter/attempt.ts';
import { type Report, reportSchema } from '../../worker/src/protocol/report.ts';
import type { Farm } from './farm.ts';

/** How long letters are hidden from others meanwhile. */
const holdSeconds = 600;

interface ReportLetter {
  message: Message;
  report: Report;
}

/**
 * Takes the dead letters of reports that were given up for a target, lets them be sent again, and deletes those that were chosen.
 * First sent, then deleted: cut off between the two, a letter is there still.
 */
export async function settleReportLetters(
  { address, sqs }: Pick<Farm, 'address' | 'sqs'>,
  target: Target,
  isChosen: (jobId: string, sentAt: Date) => boolean,
  send: (reports: Report[]) => Promise<void>,
): Promise<void> {
  const QueueUrl = address.reportsDeadLetterQueueUrl;
  const taken = QueueUrl === undefined ? [] : await takeAll(sqs, QueueUrl);
  const chosen: ReportLetter[] = [];
  const others: Message[] = [];
  for (const message of taken) {
    const report = readReport(message.Body ?? '');
    const sentAt = new Date(Number(message.Attributes?.SentTimestamp ?? 0));
    const isOurs = (message.MessageAttributes?.target?.StringValue ?? target) === target;
    if (report !== undefined && isOurs && isChosen(report.state.id, sentAt)) chosen.push({ message, report });
    else others.push(message);
  }
  try {
    await send(chosen.map(({ report }) => report));
    for (const { message } of chosen) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
  } finally {
    // One that can't be released comes back when its hold ends.
    await Promise.allSettled(
      others.map(({ ReceiptHandle }) =>
        sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })),
      ),
    );
  }
}

async function takeAll(sqs: Farm['sqs'], QueueUrl: string): Promise<Message[]> {
  const taken: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: holdSeconds,
        // Asks all of SQS's servers, so that none is missed.
        WaitTimeSeconds: 1,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    if (Messages.length === 0) return taken;
    taken.push(...Messages);
  }
}

function readReport(body: string): Report | undefined {
  try {
    return reportSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
