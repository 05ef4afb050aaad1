import type { QueuedJob } from '../../protocol/job.ts';
import { JobFolder, type PlanFolder } from '../../protocol/job-folder.ts';
import type { WebmSource } from '../../protocol/part-request.ts';
import type { Film } from '../../protocol/status.ts';
import type { FilmFile } from '../../publish/film-files.ts';
import { publishedFilm } from '../../publish/film-record.ts';
import { readRecords } from '../../publish/records.ts';
import { removeAll } from '../../publish/replaced.ts';
import { webmParts, webmPartsOfPlan } from '../../publish/webm-parts.ts';
import { eachLimited } from '../../storage/limited.ts';
import type { FilmOutcome, TranscodeRun } from '../film.ts';
import { withSourceServers } from '../open-source.ts';
import { prepareDrawing } from '../prepare-drawing.ts';
import {
  type EncodePart,
  encodeOfSource,
  encodeOfStream,
  joinWebm,
  makeWebmPart,
  type WebmFile,
} from './encode-webm.ts';
import { openPlanned, type PlannedSources } from './open-planned.ts';
import { lookAtParts, makeWebmParts, type WebmWork } from './webm-parts.ts';

const sendsAtOnce = 8;

/**
 * Makes a WebM file beside a published film: VP9 and Opus in parts, by this worker and those that it asks, then joined without
 * encoding. Video is read from the source, as VP9 of H.264 would look worse and be larger; where the source is gone, or the plan
 * of the film, from the stream.
 * @returns false where an invocation has no time for all of it: another one goes on
 */
export async function makeWebm(
  job: QueuedJob,
  film: Film,
  file: FilmFile,
  folder: PlanFolder,
  run: TranscodeRun,
): Promise<boolean> {
  const { stores, report, log, signal } = run;
  const webm = withVideo(file);
  const make = async (work: WebmWork, from: WebmSource) => {
    await askHelpers(job, file.name, from, work, run);
    const onMade = (share: number) =>
      report.update({ file: { name: file.name, percent: Math.floor(100 * share) } });
    const outcome = await makeWebmParts({ ...work, onMade }, 'lead', run);
    if (outcome !== 'done') return false;
    await joinWebm(job, webm, work, run);
    const left = [folder.webmPart(work.rendition, ''), folder.webmLease(work.rendition, '')];
    await Promise.all(left.map((prefix) => removeAll(stores.output, prefix, signal))).catch(
      (error: unknown) => log.warn({ err: error }, 'the parts of a WebM file could not be removed'),
    );
    return true;
  };
  const open = await openPlanned(job, film, folder, run);
  if (typeof open !== 'string')
    return withSourceWork(webm, film, open, folder, run, (work) => make(work, 'source'));
  report.addWarnings([`${open}, so ${file.name} was made of the stream`]);
  return make(await streamWork(webm, folder, run), 'stream');
}

/** A helper makes parts while there are some to begin. Its trouble is not the job's, as the lead makes what it does not. */
export async function helpWithWebm(
  { job, plan, file: name, from }: { job: QueuedJob; plan: string; file: string; from: WebmSource },
  run: TranscodeRun,
): Promise<FilmOutcome> {
  const { settings, stores, report, log, signal } = run;
  await report.setReporting('silent');
  const jobFolder = new JobFolder(settings.output.prefix, job.id);
  const folder = jobFolder.plan(plan);
  try {
    const film = await publishedFilm(stores.output, jobFolder, signal);
    const file = film?.plan === plan && film.playlist !== undefined ? fileOf(film, name) : undefined;
    const isJoined = (await stores.output.head(folder.files + name, signal)) !== undefined;
    if (film === undefined || file === undefined || isJoined) {
      log.info({ plan, file: name }, 'the film of a part request is gone');
      return { kind: 'leftToPeers' };
    }
    log.info({ plan, file: name }, 'joined a WebM file');
    if (from === 'stream') await makeWebmParts(await streamWork(file, folder, run), 'helper', run);
    else {
      const open = await openPlanned(job, film, folder, run);
      if (typeof open !== 'string')
        await withSourceWork(file, film, open, folder, run, (work) => makeWebmParts(work, 'helper', run));
    }
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ err: error }, 'could not make a part of a WebM file; its lead will');
  }
  return { kind: 'leftToPeers' };
}

function fileOf({ renditions }: Film, name: string): WebmFile | undefined {
  const video = renditions.find((each) => each.kind === 'video' && `${each.name}.webm` === name);
  return video && { name, video, audio: renditions.filter(({ kind }) => kind === 'audio') };
}

function withVideo({ name, video, audio }: FilmFile): WebmFile {
  if (video === undefined) throw new TypeError(`${name} has no video.`);
  return { name, video, audio };
}

function withSourceWork<T>(
  file: WebmFile,
  film: Film,
  { plan, opened }: PlannedSources,
  folder: PlanFolder,
  run: TranscodeRun,
  use: (work: WebmWork) => Promise<T>,
): Promise<T> {
  const { partSeconds } = run.settings.encoding;
  const hasAudio = file.audio.length > 0;
  return withSourceServers(opened, run, async (sources, workDir) => {
    await prepareDrawing({ plan, workDir }, run);
    return use({
      folder,
      rendition: `${file.video.name}-source`,
      parts: webmPartsOfPlan(plan, film.durationSeconds, { hasAudio, partSeconds }),
      make: (part, signal) => {
        const encode: EncodePart = (of, cwd) =>
          encodeOfSource(file.video, of, plan, sources, { workDir, cwd }, { ...run, signal });
        return makeWebmPart(file, part, `${file.video.name}-source`, folder, encode, { ...run, signal });
      },
      frames: (await readRecords(run.stores.output, folder, plan, run.signal))
        .flatMap(({ renditions }) => renditions)
        .reduce((sum, { name, frames }) => sum + (name === file.video.name ? frames : 0), 0),
    });
  });
}

async function streamWork(file: WebmFile, folder: PlanFolder, run: TranscodeRun): Promise<WebmWork> {
  const { settings, stores, signal } = run;
  const { name, playlist = '' } = file.video;
  const text = (await stores.output.get(playlist, signal))?.toString('utf8') ?? '';
  const { partSeconds } = settings.encoding;
  return {
    folder,
    rendition: `${name}-stream`,
    parts: webmParts(text, { hasAudio: file.audio.length > 0, partSeconds }),
    make: (part, by) => {
      const encode: EncodePart = (of, cwd, reader) =>
        encodeOfStream(file.video, of, reader, cwd, { ...run, signal: by });
      return makeWebmPart(file, part, `${name}-stream`, folder, encode, { ...run, signal: by });
    },
  };
}

/** As many as there are parts to begin, this worker's own left out. */
async function askHelpers(
  job: QueuedJob,
  file: string,
  from: WebmSource,
  work: WebmWork,
  run: TranscodeRun,
): Promise<void> {
  const { settings, sendPartRequest, log } = run;
  if (sendPartRequest === undefined) return;
  const { workersPerFilm } = settings.sharing;
  const width = Math.min(workersPerFilm, job.options?.workersPerFilm ?? workersPerFilm);
  const { free } = await lookAtParts(work, run);
  const asked = free.slice(1, width);
  const { planId: plan } = work.folder;
  await eachLimited(asked.entries(), sendsAtOnce, ([index]) =>
    sendPartRequest({ job, plan, firstPart: index + 1, file, from }),
  );
  if (asked.length > 0) log.info({ file, requests: asked.length }, 'sent part requests for a WebM file');
}
