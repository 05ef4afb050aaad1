import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fileArguments, inputsOf } from '../../encode/file-arguments.ts';
import { hasIndexFirst } from '../../encode/file-boxes.ts';
import { BadOutputError } from '../../encode/recorder.ts';
import type { FfmpegCall } from '../../ffmpeg/media-tool.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import { type FilmFile, isCopiedFile } from '../../publish/film-files.ts';
import type { TranscodeRun } from '../film.ts';
import { joinFile } from './join-file.ts';
import { ObjectList } from './object-list.ts';
import { publishStream } from './publish-stream.ts';
import { putFilmFile } from './put-film-file.ts';
import { type PublishedReader, type PublishedRendition, withPublished } from './read-published.ts';

export type FileRun = Pick<TranscodeRun, 'settings' | 'stores' | 'tools' | 'log' | 'signal'>;

/** Left free for what else the worker writes. */
const spareBytes = 256 * 2 ** 20;

/**
 * Makes one file of published renditions, and publishes it. MP4 and M4A of fMP4 segments are joined as they are read; all others are
 * made by ffmpeg on the worker's disk. A copy of MPEG-TS for which the disk has no room is made in fragments, and kept nowhere.
 * @returns warnings
 */
export function makeFile(
  job: QueuedJob,
  file: FilmFile,
  folder: PlanFolder,
  run: FileRun,
  { freeBytes = freeBytesOf }: MakeOptions = {},
): Promise<string[]> {
  const put = (from: Parameters<typeof putFilmFile>[3]) => putFilmFile(job, file, folder, from, run);
  return withPublished(run, async (reader, workDir) => {
    const renditions: PublishedRendition[] = [];
    for (const rendition of inputsOf(file)) renditions.push(await reader.rendition(rendition));
    const isMpegts = renditions.some((each) => each.isMpegts);
    if (isCopiedFile(file) && !isMpegts) {
      const whole = renditions.map(({ objects, durationSeconds }) => ({
        objects: ObjectList.whole(objects),
        durationSeconds,
      }));
      await joinFile(file, { renditions: whole, reader, workDir, title: job.title }, run, put);
      return [];
    }
    const call = await ffmpegCalls(job, file, { renditions, isMpegts, reader, workDir }, run);
    if (isCopiedFile(file) && (await freeBytes(workDir)) < bytesOf(file) + spareBytes) {
      await publishStream(call({ pipe: 3 }), run, put);
      return [
        `the worker's disk has no room for ${file.name} (${Math.ceil(bytesOf(file) / 1e6)} MB), so it was made in fragments: ` +
          'players find places in it later than with an index',
      ];
    }
    await run.tools.ffmpeg(call());
    const path = join(workDir, file.name);
    if (isCopiedFile(file) && !(await hasIndexFirst(path)))
      throw new BadOutputError(`ffmpeg made ${file.name} without a whole index.`);
    await put({ path });
    return [];
  });
}

interface MakeOptions {
  /** What a disk has left. */
  freeBytes?: (path: string) => Promise<number>;
}

/** @returns the call that makes the file, on the disk or into a pipe */
async function ffmpegCalls(
  job: QueuedJob,
  file: FilmFile,
  {
    renditions,
    isMpegts,
    reader,
    workDir,
  }: {
    renditions: readonly PublishedRendition[];
    isMpegts: boolean;
    reader: PublishedReader;
    workDir: string;
  },
  { settings, signal }: FileRun,
): Promise<(way?: { pipe: number }) => FfmpegCall> {
  const urls: string[] = [];
  for (const rendition of renditions) urls.push(await rendition.serve());
  const [first, ...moreInputs] = urls;
  if (first === undefined) throw new TypeError(`${file.name} is made of nothing.`);
  const textInputs = await reader.texts(file.text ?? []);
  return (way) => {
    const segmentFormat = isMpegts ? 'mpegts' : 'fmp4';
    const made = fileArguments(file, { segmentFormat, title: job.title, ...way });
    return {
      input: { url: first },
      moreInputs: moreInputs.map((url) => ({ url, inputArgs: made.inputArgs })),
      textInputs,
      textInputArgs: made.textInputArgs ?? [],
      inputArgs: made.inputArgs,
      outputArgs: made.outputArgs,
      cwd: workDir,
      stallSeconds: settings.encoding.stallSeconds,
      isSourceStalled: () => reader.isStalled(),
      signal,
    };
  };
}

function bytesOf(file: FilmFile): number {
  return inputsOf(file).reduce((sum, { bytes }) => sum + bytes, 0);
}

async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
