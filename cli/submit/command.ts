import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { stateFolder } from '../farm/address.ts';
import { uploadClient } from '../farm/buckets.ts';
import { type CommonOptions, farmCommand, here, withFarm } from '../farm/run.ts';
import { storageTime } from '../farm/storage-time.ts';
import { nextSteps } from '../jobs/next-steps.ts';
import { jobLines } from '../jobs/text.ts';
import { printable, styleFor } from '../text/style.ts';
import { UploadRecords } from '../upload/records.ts';
import { checkFarmTakes } from './check.ts';
import { type Film, findFilm, planFilms } from './film.ts';
import { addFilmOptions } from './film-options.ts';
import { filmsIn } from './folders.ts';
import { type JobOptionFlags, readJobOptions } from './job-options.ts';
import { UploadProgress } from './progress.ts';
import { type SubmittedJob, submitFilm } from './send.ts';
import { readUploadFilters } from './uploads.ts';
import { waitForJobs } from './wait.ts';

type SubmitOptions = CommonOptions & JobOptionFlags & { wait?: true; recursive?: true };

/** Films uploaded at the same time; each has several parts under way. */
const uploadsAtOnce = 3;

/** `farm submit`: puts films into the farm. */
export function submitCommand(): Command {
  const command = farmCommand('submit')
    .argument(
      '<films...>',
      'files or folders on this machine, keys in the source bucket, s3://BUCKET/KEY, or http(s) URLs',
    )
    .option('-r, --recursive', 'submit all films in a folder and below')
    .option('--wait', 'follow the jobs to their end; Ctrl-C leaves them running')
    .option('--id <id>', 'name of the job and its folder; by default from the film and its version')
    .option('--title <title>', 'a name for people')
    .option('--metadata <json>', 'anything, carried through to every report')
    .option('--force', 'transcode again although the film is done')
    .option('--delete-source', 'delete the source after success')
    .option('--webhook <url>', 'where this job is reported, if the farm lets jobs say so');
  return addFilmOptions(command).action((names: string[], options: SubmitOptions) =>
    withFarm(options, (context) => submit(names, options, context)),
  );
}

async function submit(
  names: string[],
  options: SubmitOptions,
  { farm, stop, say, answer }: Parameters<Parameters<typeof withFarm>[1]>[0],
): Promise<void> {
  const jobOptions = readJobOptions(options);
  const films = await findFilms(names, farm.address.sourceBucket, options.recursive ?? false);
  rejectMixUps(films, options.id);
  const hasFiles = films.some(({ kind }) => kind === 'file');
  const source = hasFiles ? uploadClient(farm.address) : undefined;
  const filters = hasFiles ? await readUploadFilters(farm) : [];
  const planned = await planFilms(films, farm, filters, { jobOptions, id: options.id });
  await checkFarmTakes(farm, planned);
  const records = await UploadRecords.open(join(stateFolder(), 'uploads'), farm.address.sourceEndpoint);
  const since = options.wait ? await storageTime(farm) : undefined;

  const progress = new UploadProgress(process.stderr);
  const jobs: SubmittedJob[] = [];
  const waiting = [...planned];
  const work = async () => {
    for (let film = waiting.shift(); film !== undefined; film = waiting.shift()) {
      stop.throwIfAborted();
      const upload = progress.begin(film.name, film.kind === 'file');
      const uploading = { ...upload, records, signal: stop };
      jobs.push(await submitFilm(film, farm, source ?? farm.source, uploading));
      upload.end();
    }
  };
  try {
    const results = await Promise.allSettled(Array.from({ length: uploadsAtOnce }, work));
    progress.clear();
    for (const { id, source } of jobs) say(`${printable(source)}  is job ${id}`);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure && progress.hasBegun) {
      console.error('What is uploaded is kept: the same command goes on from there.');
    }
    if (failure) throw failure.reason;
  } finally {
    progress.clear();
    source?.destroy();
  }
  if (since === undefined) {
    for (const line of nextSteps(jobs, options)) say(line);
    answer({ jobs });
    return;
  }
  const ended = await waitForJobs(farm, jobs, since, stop);
  for (const state of ended) for (const line of jobLines(state, styleFor(process.stdout))) say(line);
  answer({ jobs: jobs.map((job) => ({ ...job, state: ended.find(({ id }) => id === job.id) })) });
  if (ended.some(({ state }) => state === 'failed')) process.exitCode = 2;
}

/** @throws UserError for a folder without --recursive, or without films */
async function findFilms(
  names: readonly string[],
  sourceBucket: string,
  recursive: boolean,
): Promise<Film[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const film = await findFilm(name, sourceBucket, here());
      if (film.kind !== 'file' || !(await stat(film.path)).isDirectory()) return [film];
      if (!recursive)
        throw new UserError(`${film.path} is a folder. Add --recursive to submit the films in it.`);
      const films = await filmsIn(film.path);
      if (films.length === 0) throw new UserError(`There are no films in ${film.path}.`);
      return films;
    }),
  );
  return found.flat();
}

/** What would make one job, or one object, of two films. @throws UserError */
function rejectMixUps(films: readonly Film[], id: string | undefined): void {
  if (id !== undefined && films.length > 1) {
    throw new UserError(`--id names one job, and these are ${films.length} films. Submit them one by one.`);
  }
  const files = films.flatMap((film) => (film.kind === 'file' ? [film.key ?? basename(film.path)] : []));
  const twice = files.find((name, index) => files.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UserError(
      `Two films are named ${twice}, and the second would replace the first in the source bucket. Submit them one after the other, or rename one.`,
    );
  }
}
