import { type Command, InvalidArgumentError } from 'commander';
import { jobIdSchema } from '../../worker/src/protocol/job.ts';
import { UserError } from '../errors.ts';
import { awsOf } from '../farm/farm.ts';
import { type CommonOptions, type Context, farmCommand, withFarm } from '../farm/run.ts';
import { type LogLine, readLogLines } from './read.ts';
import { logLine } from './text.ts';

/** `farm logs`: what the workers and the reporter logged of one job. */
export function logsCommand(): Command {
  return farmCommand('logs')
    .argument('<job>', 'id of a job')
    .option('--hours <number>', 'how far to look back', hours, 72)
    .action((id: string, options: CommonOptions & { hours: number }) =>
      withFarm(options, (context) => showLogs(id, options.hours, context)),
    );
}

async function showLogs(id: string, backHours: number, { farm, stop, say, answer }: Context): Promise<void> {
  if (!jobIdSchema.safeParse(id).success) throw new UserError(`${JSON.stringify(id)} is not a job id.`);
  const { local, logGroupName } = farm.address;
  if (local) {
    throw new UserError(
      'The workers of a farm on this machine log to no file. "farm status JOB" has the error of a job.',
    );
  }
  if (logGroupName === undefined) {
    throw new UserError(
      'The outputs of this farm name no log group. Save them again: pulumi stack output --json',
    );
  }
  const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
  const client = new CloudWatchLogsClient(awsOf(farm.address));
  try {
    const since = new Date(Date.now() - backHours * 3_600_000);
    const { doorLogGroupName, reporterLogGroupName } = farm.address;
    const groups = [doorLogGroupName, logGroupName, reporterLogGroupName].filter(
      (name) => name !== undefined,
    );
    const read = await Promise.all(groups.map((group) => readLogLines(client, group, id, since, stop)));
    const lines = read.flat().sort((a, b) => timeOf(a) - timeOf(b));
    for (const line of lines) say(logLine(line));
    if (lines.length === 0) {
      say(
        `No worker logged anything about job "${id}" in the last ${backHours} hours. --hours looks further back.`,
      );
    }
    answer({ job: id, lines });
  } finally {
    client.destroy();
  }
}

function hours(text: string): number {
  if (/^\d{1,6}(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Expected a number above 0.');
}

function timeOf({ time }: LogLine): number {
  return new Date(time as string | number).getTime() || 0;
}
