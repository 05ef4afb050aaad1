import { RefusedError, StoppedError } from '../errors.ts';
import { type Load, loadOf } from '../plan/load.ts';
import { fileOutputs, type OutputName } from '../plan/outputs.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import { readPlanFile, writePlanFile } from '../protocol/plan-file.ts';
import { describeSource } from '../protocol/source-location.ts';
import type { Film } from '../protocol/status.ts';
import { removeStream } from '../publish/clean-up.ts';
import { filmFor, findStream, publishedFilm, readFilmRecord } from '../publish/film-record.ts';
import { unmarkReplaced } from '../publish/replaced.ts';
import { removeUnfinished, unmarkUnfinished } from '../publish/unfinished.ts';
import { changeSubtitles } from './after/change-subtitles.ts';
import { endStream } from './after/files-alone.ts';
import { hasAllFiles, makeFiles } from './after/make-files.ts';
import { helpWithWebm } from './after/make-webm.ts';
import { aheadMemoryMb, FilesAhead } from './ahead/files-ahead.ts';
import { cleaner, cleanUpAfter, cleanUpLater, cleanUpStopped, folderOf } from './clean-up-film.ts';
import type { FilmOutcome, FilmToJoin, PlannedFilm, TranscodeRun } from './film.ts';
import { makeFilm } from './make-film.ts';
import {
  type OpenedSource,
  openJobSources,
  replacedSince,
  versionsOf,
  withSourceServers,
} from './open-source.ts';
import { planFilm, wantedFilm } from './plan-film.ts';
import { prepareDrawing } from './prepare-drawing.ts';
import { measureFilm, wantsMeasuring } from './quality/measure-film.ts';
import { hasKeyOf } from './segment-keys.ts';
import { requestsOfWorkers, throughDoor } from './through-door.ts';

/**
 * The whole way of a film: probe → plan → encode ⇄ publish → commit. Safe to do twice, and by two workers at once:
 * everything is named by the plan, and the plan follows from the source's version and the settings.
 * @throws RefusedError when the film or the job will never work; anything else is trouble
 */
export async function transcode(job: QueuedJob, run: TranscodeRun): Promise<FilmOutcome> {
  if (job.options?.addToFilm) return addToFilm(job, run);
  const { stores, signal } = run;
  const reading = readFilmRecord(stores.output, folderOf(job, run), signal);
  // A refusal of the source may come first.
  reading.catch(() => {});
  const sources = await openJobSources(job, run);
  assertExpected(job, sources);

  const wanted = await wantedFilm(job, versionsOf(sources), run);
  const record = await reading;
  for (const request of [wanted.request, ...(await requestsOfWorkers(job, sources, run))]) {
    const done = filmFor(record, request);
    if (done && (await isWhole(done, wanted.outputs, folderOf(job, run).plan(done.plan), run)))
      return finishPublished(job, done, run);
  }

  await using ahead = new FilesAhead();
  const outcome = await withSourceServers(sources, run, async (servers, workDir): Promise<FilmOutcome> => {
    const plan = await planFilm(job, { sources, urls: servers.urls }, wanted, run);
    run.log.info({ plan: plan.id, parts: plan.parts.length, path: plan.video?.path }, 'planned');
    const { request } = wanted;
    const maker = await throughDoor(plan, run);
    if (maker === undefined) return { kind: 'passedOn' };
    return makeAndCleanUp({ job, plan, request, sources: servers, workDir, role: 'planner' }, maker, ahead);
  });
  return await completeFilm(job, outcome, run, ahead);
}

/** A film that is files alone can't become a stream, nor have further files. */
async function isWhole(
  film: Film,
  outputs: readonly OutputName[],
  folder: PlanFolder,
  run: TranscodeRun,
): Promise<boolean> {
  if (film.playlist !== undefined) return true;
  return !outputs.includes('hls') && hasAllFiles(film, outputs, folder, run);
}

/** The film of this very job is committed: makes what is missing of its files, and cleans up as after the commit. */
export function finishPublished(job: QueuedJob, film: Film, run: TranscodeRun): Promise<FilmOutcome> {
  return completeFilm(job, publishedBefore(job, film, run), run);
}

/** The report of a stop waits for this. */
const stoppedCleanUpMs = 20_000;

/** The stream is committed; the job ends when its files are there too, and the film is measured where that is asked for. */
async function completeFilm(
  job: QueuedJob,
  outcome: FilmOutcome,
  run: TranscodeRun,
  ahead?: FilesAhead,
): Promise<FilmOutcome> {
  if (outcome.kind !== 'published') return outcome;
  const made = await makeFilesAndMeasure(job, outcome, run, ahead).catch(async (error: unknown) => {
    if (!run.signal.aborted) await outcome.cleanUp?.();
    else if (run.signal.reason instanceof StoppedError && outcome.cleanUp)
      await cleanUpStopped(job, outcome.film, { ...run, signal: AbortSignal.timeout(stoppedCleanUpMs) });
    throw error;
  });
  if (made.kind === 'published') return withoutStream(job, { ...outcome, ...made }, run);
  await outcome.cleanUp?.();
  return made.kind === 'atCapacity' && !outcome.byPeer ? { ...made, hasCommitted: true } : made;
}

/** The worker that commits a film measures it, or the one that has made its files. */
async function makeFilesAndMeasure(
  job: QueuedJob,
  { film, byPeer }: Extract<FilmOutcome, { kind: 'published' }>,
  run: TranscodeRun,
  ahead: FilesAhead | undefined,
): Promise<FilmOutcome> {
  const made = await makeFiles(job, film, run, ahead);
  await ahead?.[Symbol.asyncDispose]();
  if (made.kind !== 'published' || (made.byPeer ?? byPeer)) return made;
  const measured = await measureFilm(job, made.film, run);
  return measured.kind === 'published' ? { ...made, film: measured.film } : measured;
}

/** The stream of a film whose job asked for files alone goes when they are there; where none could be made, it is all there is. */
async function withoutStream(
  job: QueuedJob,
  outcome: Extract<FilmOutcome, { kind: 'published' }>,
  run: TranscodeRun,
): Promise<FilmOutcome> {
  const { output } = run.stores;
  const { film } = outcome;
  const outputs = job.options?.outputs ?? run.settings.outputs;
  if (outputs.includes('hls') || job.options?.addToFilm || film.files === undefined) return outcome;
  const folder = folderOf(job, run).plan(film.plan);
  const left = await endStream(film, folder, run);
  const cleanUp = async () => {
    await outcome.cleanUp?.();
    await cleaner(run)(removeStream(output, folder, left, run.signal));
  };
  return { ...outcome, film: left, cleanUp };
}

/** The source may be gone by now: files are made of what is published. @throws RefusedError `no-film` */
async function addToFilm(job: QueuedJob, run: TranscodeRun): Promise<FilmOutcome> {
  const film = await publishedFilm(run.stores.output, folderOf(job, run), run.signal);
  if (film !== undefined) {
    const changed = await changeSubtitles(job, film, run);
    return changed === undefined ? { kind: 'atCapacity' } : makeFiles(job, changed, run);
  }
  throw new RefusedError(
    'no-film',
    `No film is published as "${job.id}", so there is nothing to make files of. Send the job without "addToFilm" to make its film first.`,
  );
}

/** VP9 takes four times as long as x264, so a part of it fills the cores; one rendition at a time takes little memory. */
const webmLoad: Load = { share: 1, memoryMb: 500 };

/**
 * Works on a film that is planned.
 * @throws RefusedError when the source is another by now
 */
export async function continueFilm(
  { job, plan: planId, role, firstPart, file, from = 'stream' }: FilmToJoin,
  run: TranscodeRun,
): Promise<FilmOutcome> {
  if (file !== undefined) {
    await run.place?.occupy(webmLoad, run.signal);
    return helpWithWebm({ job, plan: planId, file, from }, run);
  }
  const { stores, report, log, signal } = run;
  const folder = folderOf(job, run);
  const planned = await readPlanFile(stores.output, folder.plan(planId), signal);
  if (planned === undefined) {
    if (role === 'planner') return transcode(job, run);
    log.info({ plan: planId }, 'the film of a part request is gone');
    return { kind: 'leftToPeers' };
  }
  const { plan, request, probeSeconds } = planned;
  if (plan.software !== undefined && plan.software !== run.software) {
    log.info({ plan: planId, plannedBy: plan.software, here: run.software }, 'parts made here would not fit');
    return role === 'planner' ? transcode(job, run) : { kind: 'leftToPeers' };
  }
  if (!hasKeyOf(plan, run.settings)) {
    log.info({ plan: planId }, 'this worker has another secret of keys, so parts made here would not fit');
    return role === 'planner' ? transcode(job, run) : { kind: 'leftToPeers' };
  }
  // What was reported of the job when this worker joined may be from before the plan.
  const timings = { ...report.state().timings, probeSeconds };
  report.update({ stage: 'encoding', plan: plan.id, timings });
  const done = await findStream(stores.output, folder, request, signal);
  if (done) {
    // The worker that committed the film makes its files, and holds its message until then; should it be lost, that comes again.
    if (role === 'helper' && !run.isRepeat) return { kind: 'leftToPeers' };
    return finishPublished(job, done, run);
  }

  const opened = await openJobSources(job, run, plan.sourceVersion);
  const [other] = replacedSince(opened, plan.sourceVersion);
  if (other) throw replaced(other);
  await using ahead = new FilesAhead();
  const outcome = await withSourceServers(opened, run, (sources, workDir) =>
    makeAndCleanUp({ job, plan, request, sources, workDir, role, firstPart }, run, ahead),
  );
  return await completeFilm(job, outcome, run, ahead);
}

async function makeAndCleanUp(
  planned: PlannedFilm,
  run: TranscodeRun,
  ahead: FilesAhead,
): Promise<FilmOutcome> {
  const { signal } = run;
  const { output } = run.stores;
  const folder = folderOf(planned.job, run).plan(planned.plan.id);
  const cleanUp = cleaner(run);
  try {
    await occupyPlace(planned, run);
    await Promise.all([
      cleanUp(unmarkReplaced(output, folder, signal)),
      cleanUp(unmarkUnfinished(output, folder, signal)),
    ]);
    await prepareDrawing(planned, run);
    if (planned.role === 'planner') await keepPlan(planned, folder, run);
    const outcome = await makeFilm(planned, run, ahead);
    if (outcome.kind !== 'published') return outcome;
    if (outcome.byPeer) return { ...outcome, cleanUp: () => cleanUpLater(planned.job, outcome.film, run) };
    const renditions = planned.plan.video?.renditions ?? [];
    return { ...outcome, cleanUp: () => cleanUpAfter(folder, outcome.film, { renditions }, run) };
  } catch (error) {
    if (error instanceof RefusedError) await cleanUp(removeUnfinished(output, folder, signal));
    throw error;
  }
}

/** Where a worker takes several messages at once: what this film takes of it. WebM, which is made after the stream, fills any machine. */
async function occupyPlace(
  { job, plan, role }: PlannedFilm,
  { settings, place, size, signal }: TranscodeRun,
) {
  if (place === undefined || size === undefined) return;
  const { share, memoryMb } = loadOf(plan, size);
  const aheadMb = role === 'planner' ? aheadMemoryMb({ job, plan }, { settings }) : 0;
  const load = { share, memoryMb: memoryMb + aheadMb };
  await place.occupy(wantsWebm(job, settings) ? { ...load, share: 1 } : load, signal);
}

/** Who makes a WebM file of the film after the commit, or measures the film, goes by the plan too. */
async function keepPlan(
  { job, plan, request }: PlannedFilm,
  folder: PlanFolder,
  { settings, stores, report, signal }: TranscodeRun,
): Promise<void> {
  if (!wantsWebm(job, settings) && !wantsMeasuring(job, settings)) return;
  const { probeSeconds } = report.state().timings;
  await writePlanFile(stores.output, folder, { request, plan, probeSeconds }, signal);
}

function wantsWebm({ options }: QueuedJob, settings: Pick<TranscodeRun['settings'], 'outputs'>): boolean {
  return fileOutputs(options?.outputs ?? settings.outputs).some(({ format }) => format === 'webm');
}

/**
 * A film that was committed before this run. On a repeated message the worker that did so may have been lost before it
 * cleaned up, as while it made files.
 */
function publishedBefore(job: QueuedJob, film: Film, run: TranscodeRun): FilmOutcome {
  if (!run.isRepeat) return { kind: 'published', film };
  return { kind: 'published', film, cleanUp: () => cleanUpLater(job, film, run) };
}

/** A job made from a bucket event is for one version of the object; a newer one has its own job. */
function assertExpected({ expectedEtag }: QueuedJob, sources: readonly OpenedSource[]): void {
  const other = sources.find(({ info }) => info.etag.replaceAll('"', '') !== expectedEtag);
  if (expectedEtag !== undefined && other) throw replaced(other);
}

function replaced({ source }: OpenedSource): RefusedError {
  return new RefusedError(
    'source-replaced',
    `"${describeSource(source)}" was replaced since this job was queued; the newer version has its own job.`,
  );
}
