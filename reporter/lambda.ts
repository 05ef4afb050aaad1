import { readFunctionEnvironment } from '../worker/src/settings/secret-parameters.ts';
import { InOrder } from './in-order.ts';
import type { ReportMessage } from './queue.ts';
import { openReporter, type Reporter } from './reporter.ts';
import { readReporterSettings } from './settings.ts';

/** A batch of SQS messages as Lambda hands it over. */
interface SqsEvent {
  Records: {
    messageId: string;
    body: string;
    receiptHandle: string;
    attributes: { SentTimestamp: string };
    messageAttributes: Record<string, { stringValue?: string }>;
  }[];
}

/** Messages that come back; Lambda deletes the others. */
interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}

/** What Lambda calls: with a batch of the reports queue, or with a command of `farm`. */
export async function handler(event: SqsEvent | { command: string }): Promise<unknown> {
  reporter ??= open();
  // A function that could not start tries again at the next call.
  reporter.catch(() => {
    reporter = undefined;
  });
  const opened = await reporter;
  return 'Records' in event ? handleBatch(opened, event) : opened.command(event);
}

let reporter: Promise<Reporter> | undefined;

async function handleBatch({ handle, log }: Reporter, { Records }: SqsEvent): Promise<BatchAnswer> {
  const ends = await Promise.allSettled(new InOrder(handle).take(Records.map(toMessage)));
  const failures = ends.flatMap((end, index) => {
    if (end.status === 'fulfilled') return [];
    const { messageId = '' } = Records[index] ?? {};
    log.error({ err: end.reason, messageId }, 'a report was left in the queue');
    return [{ itemIdentifier: messageId }];
  });
  return { batchItemFailures: failures };
}

function toMessage({
  body,
  receiptHandle,
  attributes,
  messageAttributes,
}: SqsEvent['Records'][number]): ReportMessage {
  return {
    body,
    receiptHandle,
    sentAt: new Date(Number(attributes.SentTimestamp)),
    attributes: Object.fromEntries(
      Object.entries(messageAttributes).flatMap(([name, { stringValue }]) =>
        stringValue === undefined ? [] : [[name, stringValue]],
      ),
    ),
  };
}

async function open(): Promise<Reporter> {
  return openReporter(readReporterSettings(await readFunctionEnvironment(process.env)));
}
