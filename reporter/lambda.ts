import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { InOrder } from './in-order.ts';
import type { ReportMessage } from './queue.ts';
import { openReporter, type Reporter } from './reporter.ts';
import { type ReporterEnvironment, readReporterSettings, reporterSecretNames } from './settings.ts';

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

/** Secrets are in SSM parameters, named by `SECRET_PARAMETERS` as JSON: in the function's own settings there are none. */
async function open(): Promise<Reporter> {
  const { SECRET_PARAMETERS = '{}', ...env } = process.env;
  const names = JSON.parse(SECRET_PARAMETERS) as Partial<Record<keyof ReporterEnvironment, string>>;
  return openReporter(readReporterSettings({ ...env, ...(await readSecrets(names)) }));
}

async function readSecrets(
  names: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string>> {
  const wanted = reporterSecretNames.flatMap((variable) => {
    const name = names[variable];
    return name === undefined ? [] : [{ variable, name }];
  });
  if (wanted.length === 0) return {};
  const ssm = new SSMClient();
  const { Parameters = [] } = await ssm.send(
    new GetParametersCommand({ Names: wanted.map(({ name }) => name), WithDecryption: true }),
  );
  ssm.destroy();
  const values = new Map(Parameters.map(({ Name, Value }) => [Name, Value]));
  return Object.fromEntries(
    wanted.map(({ variable, name }) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`The SSM parameter ${name} (${variable}) is not there.`);
      return [variable, value];
    }),
  );
}
