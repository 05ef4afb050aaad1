import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { knownJob, listJobs } from '../farm/jobs.ts';
import { queueLines, readQueues } from '../farm/queues.ts';
import { countUnfinished, listReplaced, replacedLines, unfinishedLines } from '../farm/replaced.ts';
import { type CommonOptions, type Context, farmCommand, withFarm } from '../farm/run.ts';
import { openLive } from '../text/live.ts';
import { styleFor } from '../text/style.ts';
import { batchLine, countBatch } from './batch.ts';
import { nextSteps } from './next-steps.ts';
import { jobFields, jobTable } from './table.ts';
import { jobLines } from './text.ts';

/** `farm status`: the farm's queues, or all of one job. */
export function statusCommand(): Command {
  return farmCommand('status')
    .argument('[job]', 'id of a job')
    .action((id: string | undefined, options: CommonOptions) =>
      withFarm(options, async ({ farm, say, answer }) => {
        if (id === undefined) {
          const [queues, replaced, unfinished] = await Promise.all([
            readQueues(farm),
            listReplaced(farm),
            countUnfinished(farm),
          ]);
          const lines = [...queueLines(queues), ...replacedLines(replaced), ...unfinishedLines(unfinished)];
          for (const line of lines) say(line);
          answer({ queues, replaced, unfinished });
          return;
        }
        const job = await knownJob(farm, id);
        for (const line of jobLines(job, styleFor(process.stdout))) say(line);
        for (const line of nextSteps([job], { ...options, isLocal: farm.address.local !== undefined }))
          say(line);
        answer({ job });
        if (job.state === 'failed') process.exitCode = 2;
      }),
    );
}

/** `farm jobs`: the jobs that have a status. */
export function jobsCommand(): Command {
  return farmCommand('jobs')
    .option('--limit <number>', 'list at most this many', wholeNumber, 20)
    .addOption(
      new Option('--state <state>', 'list only jobs in this state').choices([
        'queued',
        'running',
        'succeeded',
        'retrying',
        'failed',
      ]),
    )
    .option('--batch <name>', 'list only the jobs of this batch')
    .option('--watch', 'repeat the list every 2 s until Ctrl-C')
    .action((options: JobsOptions) => withFarm(options, (context) => showJobs(options, context)));
}

type JobsOptions = CommonOptions & { limit: number; state?: string; batch?: string; watch?: true };

async function showJobs(options: JobsOptions, { farm, stop, say, answer }: Context): Promise<void> {
  const read = async () => {
    const all = await listJobs(farm);
    const jobs = all.filter(
      ({ state, batch }) =>
        (options.state === undefined || state === options.state) &&
        (options.batch === undefined || batch?.id === options.batch),
    );
    const batch = options.batch === undefined ? undefined : countBatch(options.batch, all);
    return { jobs: jobs.slice(0, options.limit), total: jobs.length, ...(batch && { batch }) };
  };
  const { stdout } = process;
  const lines = ({ jobs, total, batch }: Awaited<ReturnType<typeof read>>) => [
    ...(jobs.length > 0 ? jobTable(jobs, styleFor(stdout), stdout.columns || 100, new Date()) : []),
    countLine(jobs.length, total, options.state),
    ...(batch === undefined ? [] : [batchLine(batch)]),
  ];
  if (!stdout.isTTY || options.json) {
    const found = await read();
    const now = new Date();
    for (const job of found.jobs) say(jobFields(job, now));
    answer(found);
    return;
  }
  if (!options.watch) {
    for (const line of lines(await read())) say(line);
    return;
  }
  const live = openLive(stdout);
  try {
    while (!stop.aborted) {
      live.show(lines(await read()));
      await sleep(2000, undefined, { signal: stop }).catch(() => undefined);
    }
  } finally {
    live.clear();
  }
  stop.throwIfAborted();
}

function countLine(shown: number, total: number, state: string | undefined): string {
  if (total === 0) return state === undefined ? 'No jobs yet.' : `No jobs in state "${state}".`;
  return shown < total
    ? `${shown} of ${total} jobs. --limit ${total} lists all.`
    : `${total} ${total === 1 ? 'job' : 'jobs'}`;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.');
  return Number(text);
}
