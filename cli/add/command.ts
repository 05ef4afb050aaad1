import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { rungNames } from '../../worker/src/plan/ladder.ts';
import { outputSchema } from '../../worker/src/plan/outputs.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { UserError } from '../errors.ts';
import { filesJob, whyNoFiles } from '../farm/files-job.ts';
import { knownJob } from '../farm/jobs.ts';
import { type CommonOptions, type Context, farmCommand, withFarm } from '../farm/run.ts';
import { nextStorageSecond } from '../farm/storage-time.ts';
import { jobLines } from '../jobs/text.ts';
import { splitList } from '../submit/film-options.ts';
import { sendJob } from '../submit/send.ts';
import { waitForJobs } from '../submit/wait.ts';
import { styleFor } from '../text/style.ts';

type AddOptions = CommonOptions & { wait?: true };

/** `farm add`: files beside a stream that is published already; only WebM is encoded. */
export function addCommand(): Command {
  return farmCommand('add')
    .argument('<job>', 'id of a job whose film is published')
    .argument(
      '<outputs...>',
      'mp4, webm, m4a, mp3, flac or gif; mp4, webm and gif may name a rung, as in mp4:720p',
    )
    .option('--wait', 'follow the job to its end; Ctrl-C leaves it running')
    .action((id: string, given: string[], options: AddOptions) =>
      withFarm(options, (context) => addFiles(id, readFiles(given), options, context)),
    );
}

/** Also as "--outputs" of other commands takes them, with commas between. @throws UserError */
function readFiles(given: readonly string[]): string[] {
  const files = [...new Set(given.flatMap(splitList))];
  const wrong = files.find((file) => file === 'hls' || !outputSchema.safeParse(file).success);
  if (wrong === undefined) return files;
  const why = wrong === 'hls' ? 'is the stream, which the film has' : 'is not a file that can be made';
  throw new UserError(
    `${JSON.stringify(wrong)} ${why}. Use mp4, webm, m4a, mp3, flac or gif; mp4, webm and gif may name a rung: ${rungNames.join(', ')}, as in mp4:720p.`,
  );
}

async function addFiles(
  id: string,
  outputs: string[],
  { wait }: AddOptions,
  { farm, stop, say, answer }: Context,
): Promise<void> {
  const state = await knownJob(farm, id);
  assertPublished(state);
  const since = wait ? await nextStorageSecond(farm) : undefined;
  const job = filesJob(state, outputs);
  await sendJob(farm, job, randomUUID(), { signal: stop });
  if (since === undefined) {
    say(`${outputs.join(', ')} of job ${id} will be made. Follow it: farm status ${id}`);
    answer({ job: id, outputs });
    return;
  }
  const [ended] = await waitForJobs(farm, [{ id }], since, stop);
  if (ended) for (const line of jobLines(ended, styleFor(process.stdout))) say(line);
  answer({ job: id, outputs, state: ended });
  if (ended?.state === 'failed') process.exitCode = 2;
}

function assertPublished({ id, state, film }: JobState): void {
  if (state !== 'succeeded' && state !== 'failed')
    throw new UserError(`Job "${id}" is ${state}. Add files when it has ended: farm status ${id}`);
  if (film === undefined)
    throw new UserError(`Job "${id}" has no film to make files of. See "farm status ${id}".`);
  const problem = whyNoFiles(id, film);
  if (problem !== undefined) throw new UserError(problem.message);
}
