import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import { overlayFiles, overlayFolder } from '../encode/draw.ts';
import { ivfHeaderBytes, readIvf } from '../encode/ivf.ts';
import { BadOutputError } from '../encode/recorder.ts';
import {
  webmArguments,
  webmAudioArguments,
  webmSourceArguments,
  webmVideoArguments,
} from '../encode/webm-arguments.ts';
import { RefusedError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { headersFor } from '../protocol/content-types.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { JobFolder, type PlanFolder } from '../protocol/job-folder.ts';
import type { WebmSource } from '../protocol/part-request.ts';
import { readPlanFile } from '../protocol/plan-file.ts';
import type { Film, FilmRendition } from '../protocol/status.ts';
import type { FilmFile } from '../publish/film-files.ts';
import { publishedFilm } from '../publish/film-record.ts';
import { readRecords } from '../publish/records.ts';
import { removeAll } from '../publish/replaced.ts';
import {
  type WebmPart,
  type WebmVideoPart,
  webmAudioName,
  webmParts,
  webmPartsOfPlan,
} from '../publish/webm-parts.ts';
import type { SourceServers } from '../source/servers.ts';
import { eachLimited } from '../storage/limited.ts';
import type { ListedObject } from '../storage/store.ts';
import type { FilmOutcome, TranscodeRun } from './film.ts';
import { type OpenedSource, openJobSources, replacedSince, withSourceServers } from './open-source.ts';
import { prepareDrawing } from './prepare-drawing.ts';
import { putFilmFile } from './put-film-file.ts';
import { type PublishedReader, withPublished } from './read-published.ts';
import { lookAtParts, makeWebmParts, type WebmWork } from './webm-parts.ts';

type WebmFile = Pick<FilmFile, 'name' | 'audio'> & { video: FilmRendition };

const sendsAtOnce = 8;

/**
 * Makes a WebM file beside a published film: VP9 and Opus in parts, by this worker and those that it asks, then joined without
 * encoding. The picture is read from the source, as VP9 of H.264 would look worse and be larger; where the source is gone, or the plan
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
    const outcome = await makeWebmParts(work, 'lead', run);
    if (outcome !== 'done') return false;
    await joinParts(job, webm, work, run);
    await removeAll(stores.output, folder.webmPart(work.rendition, ''), signal).catch((error: unknown) =>
      log.warn({ err: error }, 'the parts of a WebM file could not be removed'),
    );
    return true;
  };
  const open = await openPlanned(job, film, folder, run);
  if (open !== undefined) return withSourceWork(webm, film, open, run, (work) => make(work, 'source'));
  const warning = `the film's source is gone, so ${file.name} was made of the stream`;
  report.update({ warnings: [...new Set([...report.state().warnings, warning])] });
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
      if (open) await withSourceWork(file, film, open, run, (work) => makeWebmParts(work, 'helper', run));
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

interface PlannedSources {
  plan: Plan;
  folder: PlanFolder;
  opened: OpenedSource[];
}

/** The film's plan and what it was made of; undefined where that is gone, or is another by now. */
async function openPlanned(
  job: QueuedJob,
  film: Film,
  folder: PlanFolder,
  run: TranscodeRun,
): Promise<PlannedSources | undefined> {
  const planned = await readPlanFile(run.stores.output, folder, run.signal);
  if (planned === undefined || planned.plan.id !== film.plan) return undefined;
  const { plan } = planned;
  try {
    const { source, sources } = job;
    const opened = await openJobSources({ source, sources }, run);
    return replacedSince(opened, plan.sourceVersion).length > 0 ? undefined : { plan, folder, opened };
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

function withSourceWork<T>(
  file: WebmFile,
  film: Film,
  { plan, folder, opened }: PlannedSources,
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
        return makePart(file, part, `${file.video.name}-source`, folder, encode, { ...run, signal });
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
      return makePart(file, part, `${name}-stream`, folder, encode, { ...run, signal: by });
    },
  };
}

/** @param cwd where the part's file is to be */
type EncodePart = (part: WebmVideoPart, cwd: string, reader: PublishedReader) => Promise<number>;

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

async function makePart(
  { audio }: WebmFile,
  part: WebmPart,
  rendition: string,
  folder: PlanFolder,
  encode: EncodePart,
  run: TranscodeRun,
): Promise<void> {
  await withPublished(run, async (reader, cwd) => {
    if (part.kind === 'audio') await encodeAudio(audio, reader, cwd, run);
    else checkPart(part, await encode(part, cwd, reader), await readFile(join(cwd, part.name)));
    const key = folder.webmPart(rendition, part.name);
    const headers = headersFor(part.name);
    await run.stores.output.putFile(key, join(cwd, part.name), { ...headers, signal: run.signal });
  });
}

/** @returns how many frames were encoded */
async function encodeOfSource(
  video: FilmRendition,
  { name: file, of }: WebmVideoPart,
  plan: Plan,
  sources: Pick<SourceServers, 'urls' | 'stalledSeconds'>,
  { workDir, cwd }: { workDir: string; cwd: string },
  { settings, tools, signal }: TranscodeRun,
): Promise<number> {
  if (of === undefined || plan.video === undefined) throw new TypeError(`${file} is no part of a plan.`);
  const maxSeconds = settings.limits.durationSeconds;
  const threads = availableParallelism();
  const {
    source = 0,
    moreInputs = [],
    inputArgs,
    outputArgs,
  } = webmSourceArguments(plan, plan.video, of, {
    ...{ rendition: video.name, maxSeconds, threads },
    file: join(cwd, file),
  });
  // Overlays lie beside the folder of a part.
  const beside = join(workDir, `webm-${of.startSeconds}`);
  await mkdir(beside, { recursive: true });
  let frames = 0;
  await tools.ffmpeg({
    input: { url: sources.urls[source] ?? '' },
    moreInputs: moreInputs.map((more) => ({
      url: sources.urls[more.source] ?? '',
      inputArgs: more.inputArgs,
    })),
    inputArgs,
    outputArgs,
    cwd: beside,
    fontConfigPath: plan.video.overlays && join(beside, overlayFolder, overlayFiles.fontConfig),
    stallSeconds: settings.encoding.stallSeconds,
    isSourceStalled: () => sources.stalledSeconds() > 0,
    onProgress: (progress) => {
      frames = progress.frames;
    },
    signal,
  });
  return frames;
}

/** @returns how many frames were encoded */
async function encodeOfStream(
  video: FilmRendition,
  { name: file, startSeconds, files = [] }: WebmVideoPart,
  reader: PublishedReader,
  cwd: string,
  { settings, tools, signal }: TranscodeRun,
): Promise<number> {
  const segments = await reader.objects(`${dirname(video.playlist ?? '')}/`, files);
  const threads = availableParallelism();
  let frames = 0;
  await tools.ffmpeg({
    input: { url: await reader.serve(file, segments) },
    ...webmVideoArguments(video, { startSeconds, threads, file }),
    cwd,
    stallSeconds: settings.encoding.stallSeconds,
    isSourceStalled: () => reader.isStalled(),
    onProgress: (progress) => {
      frames = progress.frames;
    },
    signal,
  });
  return frames;
}

/** The film begins with its first picture, which may come later than zero, and a part with its first frame. */
function checkPart({ name, startSeconds, endSeconds }: WebmVideoPart, encoded: number, data: Buffer): void {
  const facts = readOrBlame(name, data);
  const { frames, firstSeconds, lastSeconds } = facts;
  if (frames === encoded && firstSeconds >= startSeconds - slackSeconds && lastSeconds < endSeconds) return;
  throw new BadOutputError(
    `${name} has ${frames} of ${encoded} frames, from ${firstSeconds} s to ${lastSeconds} s, where ${startSeconds} s to ${endSeconds} s were due.`,
  );
}

/** Playlists have microseconds. */
const slackSeconds = 0.001;

function readOrBlame(name: string, data: Buffer) {
  try {
    return readIvf(data);
  } catch (error) {
    throw new BadOutputError(`ffmpeg made ${name} unfit: ${(error as Error).message}.`, { cause: error });
  }
}

async function encodeAudio(
  audio: readonly FilmRendition[],
  reader: PublishedReader,
  workDir: string,
  { settings, tools, signal }: TranscodeRun,
): Promise<void> {
  const tracks = [];
  for (const rendition of audio) tracks.push(await reader.rendition(rendition));
  const [first, ...more] = tracks;
  if (first === undefined) throw new TypeError('A film without audio has no part of it.');
  const isMpegts = tracks.some((track) => track.isMpegts);
  const { inputArgs, outputArgs } = webmAudioArguments(audio, { isMpegts, file: webmAudioName });
  await tools.ffmpeg({
    input: { url: first.url },
    moreInputs: more.map(({ url }) => ({ url, inputArgs })),
    inputArgs,
    outputArgs,
    cwd: workDir,
    stallSeconds: settings.encoding.stallSeconds,
    isSourceStalled: () => reader.isStalled(),
    signal,
  });
}

/** Copies all parts, one behind the other, into the file. */
async function joinParts(
  job: QueuedJob,
  { name, video, audio }: WebmFile,
  { folder, rendition, parts, frames }: WebmWork,
  run: TranscodeRun,
): Promise<void> {
  const { settings, tools, signal } = run;
  let joined = 0;
  await withPublished(run, async (reader, workDir) => {
    const names = parts.map((part) => part.name);
    const found = await reader.objects(folder.webmPart(rendition, ''), names);
    const isVideo = ({ key }: ListedObject) => basename(key) !== webmAudioName;
    const url = await reader.serve(name, found.filter(isVideo), ivfHeaderBytes);
    const sound = found.filter((object) => !isVideo(object));
    const inputs = sound.length === 0 ? [] : [await reader.serve(webmAudioName, sound)];
    const { inputArgs, outputArgs } = webmArguments(
      { audio, frameRate: video.frameRate },
      { title: job.title, file: name },
    );
    await tools.ffmpeg({
      input: { url },
      moreInputs: inputs.map((each) => ({ url: each, inputArgs })),
      inputArgs,
      outputArgs,
      cwd: workDir,
      stallSeconds: settings.encoding.stallSeconds,
      isSourceStalled: () => reader.isStalled(),
      onProgress: (progress) => {
        joined = progress.frames;
      },
      signal,
    });
    if (frames !== undefined && joined !== frames)
      throw new BadOutputError(`${name} has ${joined} frames, and the stream has ${frames}.`);
    await putFilmFile(job, { name, video }, folder, workDir, run);
  });
}
