import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { stateFolder } from '../farm/address.ts';
import { uploadClient } from '../farm/buckets.ts';
import type { Farm } from '../farm/farm.ts';
import { type CommonOptions, farmCommand, here, withFarm } from '../farm/run.ts';
import { nextStorageSecond } from '../farm/storage-time.ts';
import { nextSteps } from '../jobs/next-steps.ts';
import { jobLines } from '../jobs/text.ts';
import { styleFor } from '../text/style.ts';
import { UploadRecords } from '../upload/records.ts';
import { checkFarmTakes } from './check.ts';
import { isTrimmed, readClipName } from './clip-names.ts';
import { type Film, findFilm, type PlannedFilm, planFilm, type Wanted } from './film.ts';
import { addFilmOptions } from './film-options.ts';
import { filmsIn } from './folders.ts';
import { type JobOptionFlags, readJobOptions } from './job-options.ts';
import { type FoundClip, type JoinedFilm, planJoined } from './join.ts';
import { UploadProgress } from './progress.ts';
import { type SubmittedJob, submitFilm } from './send.ts';
import { submittedLine } from './text.ts';
import { readUploadFilters, type UploadFilter } from './uploads.ts';
import { waitForJobs } from './wait.ts';

type SubmitOptions = CommonOptions &
  Omit<JobOptionFlags, 'batch'> & { wait?: true; recursive?: true; join?: true; batch?: string };

/** Films uploaded at the same time; each has several parts under way. */
const uploadsAtOnce = 3;

/** `farm submit`: puts films into the farm. */
export function submitCommand(): Command {
  const command = farmCommand('submit')
    .argument(
      '<films...>',
      'files or folders on this machine, keys in the source bucket, s3://BUCKET/KEY, or http(s) URLs; #t=FROM,TO behind one takes that stretch of it, in seconds',
    )
    .option('--join', 'make one film of all, joined in this order')
    .option('-r, --recursive', 'submit all films in a folder and below')
    .option('--wait', 'follow the jobs to their end; Ctrl-C leaves them running')
    .option('--id <id>', 'name of the job and its folder; by default from the film and its version')
    .option('--title <title>', 'a name for people')
    .option('--metadata <json>', 'anything, carried through to every report')
    .option('--force', 'transcode again although the film is done')
    .option('--delete-source', 'delete the source after success')
    .option('--lane <lane>', 'urgent, normal or bulk, as far as the farm has them')
    .option('--batch <name>', 'make the jobs of this command a batch, whose end one webhook event reports')
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
  const { batch, ...flags } = options;
  // What is wrong with the flags is said before folders are read.
  readJobOptions({ ...flags, ...batchOf(batch, 1) });
  const found = await findFilms(names, farm.address.sourceBucket, options.recursive ?? false);
  const jobOptions = readJobOptions({ ...flags, ...batchOf(batch, options.join ? 1 : found.length) });
  const films = found.map(({ film }) => film);
  rejectMixUps(films, options);
  const hasFiles = films.some(({ kind }) => kind === 'file');
  const source = hasFiles ? uploadClient(farm.address) : undefined;
  const filters = hasFiles ? await readUploadFilters(farm) : [];
  const planned = await planAll(found, farm, filters, { jobOptions, id: options.id }, options.join ?? false);
  await checkFarmTakes(farm, planned);
  const records = await UploadRecords.open(join(stateFolder(), 'uploads'), farm.address.sourceEndpoint);
  const since = options.wait ? await nextStorageSecond(farm) : undefined;

  const progress = new UploadProgress(process.stderr);
  const jobs: SubmittedJob[] = [];
  const waiting = [...planned];
  const work = async () => {
    for (let film = waiting.shift(); film !== undefined; film = waiting.shift()) {
      stop.throwIfAborted();
      const isUploaded =
        film.kind === 'joined' ? film.places.some(({ upload }) => upload) : film.kind === 'file';
      const upload = progress.begin(film.name, isUploaded);
      const uploading = { ...upload, records, signal: stop };
      jobs.push(await submitFilm(film, farm, source ?? farm.source, uploading));
      upload.end();
    }
  };
  try {
    const results = await Promise.allSettled(Array.from({ length: uploadsAtOnce }, work));
    progress.clear();
    for (const job of jobs) say(submittedLine(job));
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

function batchOf(id: string | undefined, jobs: number) {
  return id === undefined ? {} : { batch: { id, jobs } };
}

/** @throws UserError for a folder without --recursive, or without films */
async function findFilms(
  names: readonly string[],
  sourceBucket: string,
  recursive: boolean,
): Promise<FoundClip[]> {
  const found = await Promise.all(
    names.map(async (text) => {
      const { name, ...range } = readClipName(text);
      const film = await findFilm(name, sourceBucket, here());
      if (film.kind !== 'file' || !(await stat(film.path)).isDirectory()) return [{ film, ...range }];
      if (isTrimmed({ name, ...range }))
        throw new UserError(`${film.path} is a folder, and #t= takes a stretch of a film.`);
      if (!recursive)
        throw new UserError(`${film.path} is a folder. Add --recursive to submit the films in it.`);
      const films = await filmsIn(film.path);
      if (films.length === 0) throw new UserError(`There are no films in ${film.path}.`);
      return films.map((each) => ({ film: each }));
    }),
  );
  return found.flat();
}

/** One job of all, or one of each film; a stretch of a film is a film of one clip. */
async function planAll(
  found: readonly FoundClip[],
  farm: Farm,
  filters: readonly UploadFilter[],
  wanted: Wanted,
  join: boolean,
): Promise<(PlannedFilm | JoinedFilm)[]> {
  if (join) return [await planJoined(found, farm, filters, wanted)];
  const whole = found.filter(({ film, ...range }) => !isTrimmed({ name: film.name, ...range }));
  const trimmed = found.filter((clip) => !whole.includes(clip));
  const { fit, size, crossfade } = wanted.jobOptions.options ?? {};
  if (whole.length > 0 && (fit ?? size ?? crossfade) !== undefined)
    throw new UserError('A size, a fit and a crossfade are for joined clips. Add --join, or leave them out.');
  return Promise.all([
    ...whole.map(({ film }) => planFilm(film, farm, filters, wanted)),
    ...trimmed.map((clip) => planJoined([clip], farm, filters, wanted)),
  ]);
}

/** What would make one job, or one object, of two films. @throws UserError */
function rejectMixUps(films: readonly Film[], { id, join }: SubmitOptions): void {
  if (id !== undefined && films.length > 1 && !join) {
    throw new UserError(`--id names one job, and these are ${films.length} films. Submit them one by one.`);
  }
  const files = films.filter((film) => film.kind === 'file');
  const keyOf = ({ key, path }: { key?: string; path: string }) => key ?? basename(path);
  const keys = (join ? [...new Map(files.map((film) => [film.path, film])).values()] : files).map(keyOf);
  const twice = keys.find((name, index) => keys.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UserError(
      `Two films are named ${twice}, and the second would replace the first in the source bucket. Submit them one after the other, or rename one.`,
    );
  }
}
