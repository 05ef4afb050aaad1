import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { jobView } from '../../portal/src/farm/job-view.ts';
import { startLocalPortal } from '../../portal/src/local.ts';
import { UserError } from '../errors.ts';
import { knownJob } from '../farm/jobs.ts';
import { type CommonOptions, type Context, farmCommand, here, withFarm } from '../farm/run.ts';
import { chooseVideo, downloadArguments } from './arguments.ts';

type GetOptions = CommonOptions & { rung?: string; output?: string };

/** `farm get`: the film of a job as one file. */
export function getCommand(): Command {
  return farmCommand('get')
    .argument('<job>', 'id of a job')
    .option('--rung <name>', 'which rendition, such as 720p; by default the largest')
    .option('-o, --output <file>', 'where to write it; by default JOB.mp4 here')
    .action((id: string, options: GetOptions) =>
      withFarm(options, (context) => getFilm(id, options, context)),
    );
}

/** Joined by ffmpeg without encoding: what is in the file is what viewers see. */
async function getFilm(id: string, options: GetOptions, { farm, stop, say, answer }: Context): Promise<void> {
  const job = await knownJob(farm, id);
  if (job.film === undefined)
    throw new UserError(
      `Job "${id}" has no film: it ${job.state === 'failed' ? 'has failed' : `is ${job.state}`}. See "farm status ${id}".`,
    );
  if (job.film.playlist === undefined) {
    const files = job.film.files?.map(({ key }) => key).join(', ');
    throw new UserError(`Job "${id}" was made without a stream. Its files in the output bucket: ${files}.`);
  }
  const path = resolve(here(), options.output ?? `${id}.mp4`);
  if (!existsSync(dirname(path))) throw new UserError(`There is no folder ${dirname(path)} for the film.`);
  if (existsSync(path)) throw new UserError(`${path} exists. Give another file: -o FILE`);
  // The name of a rendition is checked before anything starts.
  const chosen = chooseVideo(job.film.renditions, options.rung);
  const portal = await startLocalPortal({ farm });
  try {
    const { film } = jobView(job, farm.address.outputPrefix, portal.sharedFilmsUrl(id));
    const renditions = film?.renditions ?? [];
    const video = renditions.find(({ name }) => name === chosen?.name);
    const child = spawn('ffmpeg', downloadArguments(renditions, video, path), {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    stop.addEventListener('abort', () => child.kill('SIGTERM'));
    const [code] = (await Promise.race([
      once(child, 'exit'),
      once(child, 'error').then(([error]) => Promise.reject(error)),
    ]).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT')
        throw new UserError('ffmpeg is not on the PATH, and it joins the film. Install it: "farm doctor".');
      throw error;
    })) as [number | null];
    stop.throwIfAborted();
    if (code !== 0) throw new UserError(`ffmpeg could not join the film (exit code ${code}).`);
    say(gotLine(path, video?.name));
    answer({ job: id, rendition: video?.name ?? null, file: path });
  } finally {
    await portal.close();
  }
}

/** @param rendition undefined for a film without video */
export function gotLine(path: string, rendition: string | undefined): string {
  return `${path}  ${rendition ?? 'audio'}`;
}
