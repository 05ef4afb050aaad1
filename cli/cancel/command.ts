import type { Command } from 'commander';
import { cancelJob } from '../farm/cancel-job.ts';
import { readJob } from '../farm/jobs.ts';
import { readQueues } from '../farm/queues.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { cancelLine, checkJob, refuseToCancel } from './check.ts';

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
        for (const job of jobs) {
          await cancelJob(farm, job, '"farm cancel"', stop);
          say(cancelLine(job));
        }
        answer({ cancelled: jobs.map(({ id, state }) => ({ id, state: state ?? null })) });
      }),
    );
}
