import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import { fileArguments, inputsOf } from '../encode/file-arguments.ts';
import { describeSources } from '../protocol/clips.ts';
import { headersFor } from '../protocol/content-types.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { FilmRendition } from '../protocol/status.ts';
import { contentDisposition } from '../publish/file-name.ts';
import type { FilmFile } from '../publish/film-files.ts';
import { playlistFiles } from '../publish/media-playlist.ts';
import { JoinedSource } from '../source/joined-source.ts';
import { type SourceServer, serveSource } from '../source/server.ts';
import type { ListedObject, Store } from '../storage/store.ts';
import type { TranscodeRun } from './film.ts';

/** Each rendition is read once, from its start to its end. */
const readerBytes = { blockBytes: 2 ** 20, memoryBytes: 6 * 2 ** 20 };

/** Makes one file of published renditions on the worker's disk, and publishes it. */
export async function makeFile(
  job: QueuedJob,
  file: FilmFile,
  folder: PlanFolder,
  { settings, stores, tools, signal }: Pick<TranscodeRun, 'settings' | 'stores' | 'tools' | 'signal'>,
): Promise<void> {
  const { output } = stores;
  const { patienceSeconds, stallSeconds } = settings.storage;
  const workDir = await mkdtemp(join(settings.workDir, 'file-'));
  const servers: SourceServer[] = [];
  const serve = async (name: string, objects: readonly ListedObject[]) => {
    const joined = new JoinedSource(output, name, objects);
    const timing = { patienceSeconds, slowSeconds: stallSeconds / 2 };
    const server = await serveSource(joined, await joined.describe(), { ...readerBytes, ...timing });
    servers.push(server);
    return server.url;
  };
  try {
    let isMpegts = false;
    const urls: string[] = [];
    const textInputs: string[] = [];
    for (const rendition of inputsOf(file)) {
      const segments = await segmentsOf(rendition, output, signal);
      isMpegts ||= segments.some(({ key }) => key.endsWith('.ts'));
      urls.push(await serve(rendition.name, segments));
    }
    for (const { file: key } of file.text ?? []) {
      const { objects } = await output.listAll(key, signal);
      textInputs.push(await serve(key, objects.slice(0, 1)));
    }
    const [first, ...moreInputs] = urls;
    if (first === undefined) throw new TypeError(`${file.name} is made of nothing.`);
    const { inputArgs, textInputArgs, outputArgs } = fileArguments(file, {
      segmentFormat: isMpegts ? 'mpegts' : 'fmp4',
      title: job.title,
    });
    await tools.ffmpeg({
      input: { url: first },
      moreInputs: moreInputs.map((url) => ({ url, inputArgs })),
      textInputs,
      textInputArgs,
      inputArgs,
      outputArgs,
      cwd: workDir,
      stallSeconds: settings.encoding.stallSeconds,
      isSourceStalled: () => servers.some((server) => server.stalledSeconds() > 0),
      signal,
    });
    await output.putFile(folder.files + file.name, join(workDir, file.name), {
      ...headersFor(file.name),
      contentDisposition: contentDisposition(file, { title: job.title, source: describeSources(job).source }),
      signal,
    });
  } catch (error) {
    // ffmpeg saw only a broken connection; the server knows why.
    const failure = servers.find((server) => server.failure !== undefined)?.failure;
    throw failure !== undefined && !signal.aborted ? failure : error;
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    await rm(workDir, { recursive: true, force: true });
  }
}

/** What the rendition's playlist names, as it lies in storage. @throws Error when something of it is missing */
async function segmentsOf(
  { name: rendition, playlist }: FilmRendition,
  output: Store,
  signal: AbortSignal,
): Promise<ListedObject[]> {
  if (playlist === undefined) throw new TypeError(`The film has no stream of ${rendition}.`);
  const prefix = `${dirname(playlist)}/`;
  const [text, { objects }] = await Promise.all([
    output.get(playlist, signal),
    output.listAll(prefix, signal),
  ]);
  const found = new Map(objects.map((object) => [basename(object.key), object]));
  return playlistFiles(text?.toString('utf8') ?? '').map((name) => {
    const object = found.get(name);
    if (object === undefined) throw new Error(`${prefix}${name} is no longer in storage.`);
    return object;
  });
}
