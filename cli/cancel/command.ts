import type { Command } from 'commander';
import { writeStop } from '../../worker/src/job/stop.ts';
import { openBucket } from '../farm/buckets.ts';
import { readJob } from '../farm/jobs.ts';
import { readQueues } from '../farm/queues.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { type Cancellation, checkJob, refuseToCancel } from './check.ts';

/** `farm cancel`: ends jobs that run or wait. */
export function cancelCommand(): Command {
  return farmCommand('cancel')
    .argument('<jobs...>', 'ids of jobs')
    .option('--force', 'write the stop also for jobs that are over or unknown')
    .action((ids: string[], options: CommonOptions & { force?: true }) =>
      withFarm(options, async ({ farm, stop, say, answer }) => {
        const queues = await readQueues(farm);
        const jobs = await Promise.all(
          [...new Set(ids)].map(async (id) => checkJob(id, await readJob(farm, id), queues)),
        );
        // All or none: a mistyped id is reported before any job ends.
        if (!options.force) refuseToCancel(jobs);
        const output = openBucket(farm.address, 'output');
        try {
          for (const job of jobs) {
            const at = stopTime(job, new Date()).toISOString();
            const order = { code: 'cancelled', message: 'The job was cancelled by "farm cancel".', at };
            await writeStop(output, farm.address.outputPrefix, job.id, order, stop);
            say(`${job.id}  ${job.outlook}`);
          }
        } finally {
          output.close();
        }
        answer({ cancelled: jobs.map(({ id, state }) => ({ id, state: state ?? null })) });
      }),
    );
}

/** A stop holds for what entered the queue before it; this clock may be behind the queue's. */
function stopTime({ queuedAt }: Cancellation, now: Date): Date {
  return new Date(Math.max(now.getTime(), queuedAt === undefined ? 0 : Date.parse(queuedAt) + 1));
}
