import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { deleteJob } from '../farm/delete-job.ts';
import { knownJob } from '../farm/jobs.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';

/** `farm delete`: removes the film of a job, and everything else that the job published. */
export function deleteCommand(): Command {
  return farmCommand('delete')
    .argument('<job>', 'id of a job')
    .option('--yes', 'delete; without it, only say what would be deleted')
    .action((id: string, options: CommonOptions & { yes?: true }) =>
      withFarm(options, async ({ farm, stop, say, answer }) => {
        const job = await knownJob(farm, id);
        if (job.state !== 'succeeded' && job.state !== 'failed') {
          throw new UserError(`Job "${id}" is ${job.state}. Stop it first: farm cancel ${id}`);
        }
        const { outputBucket, outputPrefix } = farm.address;
        const folder = `${outputPrefix}${id}/`;
        const place = `s3://${outputBucket}/${folder}`;
        if (!options.yes) {
          say(deleteLine(place));
          answer({ job: id, folder: place, deleted: 0 });
          return;
        }
        const count = await deleteJob(farm, job, stop);
        say(deleteLine(place, count));
        answer({ job: id, folder: place, deleted: count });
      }),
    );
}

/** @param count of the objects that were deleted; undefined: nothing was yet */
export function deleteLine(place: string, count?: number): string {
  return count === undefined
    ? `Everything in ${place} would be deleted; the source film stays. Add --yes to delete it.`
    : `Deleted ${count} objects in ${place}`;
}
