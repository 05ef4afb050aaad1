import { statfs } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fileArguments, inputsOf } from '../encode/file-arguments.ts';
import type { FfmpegCall } from '../ffmpeg/media-tool.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { FilmFile } from '../publish/film-files.ts';
import type { TranscodeRun } from './film.ts';
import { putFilmFile } from './put-film-file.ts';
import { withPublished } from './read-published.ts';

type FileRun = Pick<TranscodeRun, 'settings' | 'stores' | 'tools' | 'signal'>;

/** Left free for what else the worker writes. */
const spareBytes = 256 * 2 ** 20;

/**
 * Makes one file of published renditions on the worker's disk, and publishes it. A copy for which the disk has no room is published as
 * it is made.
 * @returns warnings
 */
export function makeFile(
  job: QueuedJob,
  file: FilmFile,
  folder: PlanFolder,
  run: FileRun,
  freeBytes: (path: string) => Promise<number> = freeBytesOf,
): Promise<string[]> {
  const { settings, stores, tools, signal } = run;
  const { output } = stores;
  return withPublished(run, async (reader, workDir) => {
    let isMpegts = false;
    const urls: string[] = [];
    const textInputs: string[] = [];
    for (const rendition of inputsOf(file)) {
      const read = await reader.rendition(rendition);
      isMpegts ||= read.isMpegts;
      urls.push(read.url);
    }
    for (const { file: key } of file.text ?? []) {
      const { objects } = await output.listAll(key, signal);
      textInputs.push(await reader.serve(key, objects.slice(0, 1)));
    }
    const [first, ...moreInputs] = urls;
    if (first === undefined) throw new TypeError(`${file.name} is made of nothing.`);
    const isStreamed = isCopy(file) && (await freeBytes(workDir)) < bytesOf(file) + spareBytes;
    const { inputArgs, textInputArgs, outputArgs } = fileArguments(file, {
      segmentFormat: isMpegts ? 'mpegts' : 'fmp4',
      title: job.title,
      pipe: isStreamed ? 3 : undefined,
    });
    const call: FfmpegCall = {
      input: { url: first },
      moreInputs: moreInputs.map((url) => ({ url, inputArgs })),
      textInputs,
      textInputArgs: textInputArgs ?? [],
      inputArgs,
      outputArgs,
      cwd: workDir,
      stallSeconds: settings.encoding.stallSeconds,
      isSourceStalled: () => reader.isStalled(),
      signal,
    };
    if (!isStreamed) {
      await tools.ffmpeg(call);
      await putFilmFile(job, file, folder, workDir, run);
      return [];
    }
    await publishStream(call, run, (bytes) => putFilmFile(job, file, folder, bytes, run));
    return [
      `the worker's disk has no room for ${file.name} (${Math.ceil(bytesOf(file) / 1e6)} MB), so it was made in fragments: ` +
        'players find places in it later than with an index',
    ];
  });
}

/** What ffmpeg writes goes on at once; it is published only if ffmpeg ends well. */
async function publishStream(
  call: FfmpegCall,
  { tools, signal }: FileRun,
  publish: (bytes: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const opened = Promise.withResolvers<Readable>();
  let isHeldBack = false;
  const made = tools.ffmpeg({
    ...call,
    isSourceStalled: () => isHeldBack || call.isSourceStalled?.() === true,
    signal: AbortSignal.any([signal, failed.signal]),
    onBytes: opened.resolve,
  });
  made.catch(opened.reject);
  async function* bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of await opened.promise) {
      isHeldBack = true;
      yield chunk;
      isHeldBack = false;
    }
    await made;
  }
  try {
    await publish(bytes());
  } finally {
    failed.abort();
    await made.catch(() => {});
  }
}

function isCopy({ format }: FilmFile): boolean {
  return format === 'mp4' || format === 'm4a';
}

function bytesOf(file: FilmFile): number {
  return inputsOf(file).reduce((sum, { bytes }) => sum + bytes, 0);
}

async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
