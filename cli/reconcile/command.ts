import { type Command, InvalidArgumentError } from 'commander';
import type { Report } from '../../worker/src/protocol/report.ts';
import { UserError } from '../errors.ts';
import { listJobs } from '../farm/jobs.ts';
import { settleReportDeadLetters } from '../farm/report-dead-letters.ts';
import { callReporter, sendReports } from '../farm/reporter.ts';
import { type CommonOptions, type Context, farmCommand, withFarm } from '../farm/run.ts';

type ReconcileOptions = CommonOptions & { days: number };

/** `farm reconcile`: the database gets what it lacks. */
export function reconcileCommand(): Command {
  return farmCommand('reconcile')
    .option('--days <number>', 'jobs that were updated in this many days', wholeDays, 14)
    .action((options: ReconcileOptions) => withFarm(options, (context) => reconcile(options.days, context)));
}

/**
 * Sends the state of each job, as its status.json has it, to be written where the database has none or an older one: for a
 * database that was added later, was away for longer than reports are kept, or was restored from a backup.
 */
async function reconcile(days: number, { farm, say, answer }: Context): Promise<void> {
  const check = await callReporter(farm.address, { command: 'check-database' });
  if (check === undefined) throw new UserError('This farm has no databaseUrl.');
  if (!check.ok) throw new UserError(`The reporter does not reach the database: ${check.text}`);
  const since = new Date(Date.now() - days * 86_400_000);
  const jobs = (await listJobs(farm)).filter(({ updatedAt }) => Date.parse(updatedAt) >= since.getTime());
  const reports = jobs.map((state): Report => ({ kind: 'catch-up', state, requestId: 'catch-up' }));
  const everyOne = () => true;
  let deadLetters = 0;
  await settleReportDeadLetters(farm, 'database', everyOne, async (givenUp) => {
    deadLetters = givenUp.length;
    await sendReports(farm.address, 'database', [...givenUp, ...reports]);
  });
  say(
    `${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'} of the last ${days} days sent to the reporter, and ${deadLetters} dead letters. It writes what the database lacks.`,
  );
  answer({ jobs: jobs.map(({ id }) => id), deadLetters });
}

function wholeDays(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.');
  return Number(text);
}
