import { type Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../errors.ts';
import type { Farm } from '../farm/farm.ts';
import { listJobs, readJob } from '../farm/jobs.ts';
import { queueLines, readQueues } from '../farm/queues.ts';
import { listReplaced, replacedLines } from '../farm/replaced.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { styleFor } from '../text/style.ts';
import { jobLine, jobLines } from './text.ts';

/** `farm status`: the farm's queues, or all of one job. */
export function statusCommand(): Command {
  return farmCommand('status')
    .argument('[job]', 'id of a job')
    .action((id: string | undefined, options: CommonOptions) =>
      withFarm(options, async ({ farm, say, answer }) => {
        if (id === undefined) {
          const [queues, replaced] = await Promise.all([readQueues(farm), listReplaced(farm)]);
          for (const line of [...queueLines(queues), ...replacedLines(replaced)]) say(line);
          answer({ queues, replaced });
          return;
        }
        const job = await knownJob(farm, id);
        for (const line of jobLines(job, styleFor(process.stdout))) say(line);
        answer({ job });
        if (job.state === 'failed') process.exitCode = 2;
      }),
    );
}

/** `farm jobs`: the jobs that have told a state. */
export function jobsCommand(): Command {
  return farmCommand('jobs')
    .option('--limit <number>', 'at most so many', wholeNumber, 20)
    .addOption(
      new Option('--state <state>', 'only those in this state').choices([
        'queued',
        'running',
        'succeeded',
        'retrying',
        'failed',
      ]),
    )
    .action((options: CommonOptions & { limit: number; state?: string }) =>
      withFarm(options, async ({ farm, say, answer }) => {
        const all = await listJobs(farm);
        const jobs = all.filter(({ state }) => options.state === undefined || state === options.state);
        const shown = jobs.slice(0, options.limit);
        const columns = process.stdout.columns || 100;
        for (const job of shown) say(jobLine(job, styleFor(process.stdout), columns));
        say(
          shown.length === 0 ? 'No job has told such a state yet.' : `${shown.length} of ${jobs.length} jobs`,
        );
        answer({ jobs: shown, total: jobs.length });
      }),
    );
}

/** @throws UserError for a job that has told nothing */
async function knownJob(farm: Farm, id: string) {
  const job = await readJob(farm, id);
  if (job) return job;
  throw new UserError(
    `Job ${id} has told nothing: it still waits, or there is none. "farm jobs" lists those that have.`,
  );
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1');
  return Number(text);
}
