import type { Message } from '@aws-sdk/client-sqs';
import type { Target } from '../../reporter/attempt.ts';
import { type Report, reportSchema } from '../../worker/src/protocol/report.ts';
import type { Farm } from './farm.ts';
import { HeldMessages } from './held-messages.ts';

/**
 * Takes the dead letters of reports that were given up for a target, lets them be sent again, and deletes those that were chosen.
 * First sent, then deleted: cut off between the two, a dead letter is there still.
 */
export async function settleReportDeadLetters(
  { address, sqs }: Pick<Farm, 'address' | 'sqs'>,
  target: Target,
  isChosen: (jobId: string, sentAt: Date) => boolean,
  send: (reports: Report[]) => Promise<void>,
): Promise<void> {
  const { reportsDeadLetterQueueUrl } = address;
  if (reportsDeadLetterQueueUrl === undefined) return send([]);
  const hold = new HeldMessages(sqs, reportsDeadLetterQueueUrl, () => performance.now());
  const chosen: { message: Message; report: Report }[] = [];
  const others: Message[] = [];
  for (const message of await hold.takeAll()) {
    const report = readReport(message.Body ?? '');
    const sentAt = new Date(Number(message.Attributes?.SentTimestamp ?? 0));
    const isOurs = (message.MessageAttributes?.target?.StringValue ?? target) === target;
    if (report !== undefined && isOurs && isChosen(report.state.id, sentAt)) chosen.push({ message, report });
    else others.push(message);
  }
  try {
    await send(chosen.map(({ report }) => report));
    await hold.remove(chosen.map(({ message }) => message));
  } finally {
    await hold.release(others);
  }
}

function readReport(body: string): Report | undefined {
  try {
    return reportSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
