import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import { overlayFiles, overlayFolder } from '../../encode/draw.ts';
import { ivfHeaderBytes, readIvf } from '../../encode/ivf.ts';
import { BadOutputError } from '../../encode/recorder.ts';
import {
  webmArguments,
  webmAudioArguments,
  webmSourceArguments,
  webmVideoArguments,
} from '../../encode/webm-arguments.ts';
import type { Plan } from '../../plan/plan.ts';
import { headersFor } from '../../protocol/content-types.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { FilmRendition } from '../../protocol/status.ts';
import type { FilmFile } from '../../publish/film-files.ts';
import { type WebmPart, type WebmVideoPart, webmAudioName } from '../../publish/webm-parts.ts';
import type { SourceServers } from '../../source/servers.ts';
import type { ListedObject } from '../../storage/store.ts';
import type { TranscodeRun } from '../film.ts';
import { putFilmFile } from './put-film-file.ts';
import { type PublishedReader, withPublished } from './read-published.ts';
import type { WebmWork } from './webm-parts.ts';

/** What ffmpeg does for a WebM file: its parts, and the file that they are joined to. */

export type WebmFile = Pick<FilmFile, 'name' | 'audio'> & { video: FilmRendition };

/** @param cwd where the part's file is to be */
export type EncodePart = (part: WebmVideoPart, cwd: string, reader: PublishedReader) => Promise<number>;

/** Makes one part and publishes it. */
export async function makeWebmPart(
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
export async function encodeOfSource(
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
export async function encodeOfStream(
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
    input: { url: await first.serve() },
    moreInputs: await Promise.all(more.map(async (each) => ({ url: await each.serve(), inputArgs }))),
    inputArgs,
    outputArgs,
    cwd: workDir,
    stallSeconds: settings.encoding.stallSeconds,
    isSourceStalled: () => reader.isStalled(),
    signal,
  });
}

/** Copies all parts, one behind the other, into the file. */
export async function joinWebm(
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
    const audioObjects = found.filter((object) => !isVideo(object));
    const inputs = audioObjects.length === 0 ? [] : [await reader.serve(webmAudioName, audioObjects)];
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
    await putFilmFile(job, { name, video }, folder, { path: join(workDir, name) }, run);
  });
}
