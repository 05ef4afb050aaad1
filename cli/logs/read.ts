import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

/** A line of a worker's log: JSON, as pino writes it. */
export type LogLine = Record<string, unknown>;

/** The lines of one job, in order of time. */
export async function readLogLines(
  client: CloudWatchLogsClient,
  logGroupName: string,
  jobId: string,
  since: Date,
  abortSignal: AbortSignal,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new FilterLogEventsCommand({
        logGroupName,
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        filterPattern: `{ $.job = "${jobId}" }`,
        startTime: since.getTime(),
        nextToken,
      }),
      { abortSignal },
    );
    for (const { message = '', timestamp } of page.events ?? []) lines.push(parse(message, timestamp));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return lines;
}

function parse(message: string, timestamp: number | undefined): LogLine {
  try {
    return JSON.parse(message) as LogLine;
  } catch {
    return { time: timestamp, msg: message };
  }
}
