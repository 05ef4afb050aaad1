import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fileArguments, inputsOf } from '../../encode/file-arguments.ts';
import { hasIndexFirst } from '../../encode/file-boxes.ts';
import { finalFromByte, indexRoomBytes } from '../../encode/index-room.ts';
import { BadOutputError } from '../../encode/recorder.ts';
import type { FfmpegCall } from '../../ffmpeg/media-tool.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { FilmFile } from '../../publish/film-files.ts';
import type { TranscodeRun } from '../film.ts';
import { IndexRoomError, publishGrowing, publishStream } from './publish-while-made.ts';
import { putFilmFile } from './put-film-file.ts';
import { withPublished } from './read-published.ts';

type FileRun = Pick<TranscodeRun, 'settings' | 'stores' | 'tools' | 'log' | 'signal'>;

/** Left free for what else the worker writes. */
const spareBytes = 256 * 2 ** 20;

/**
 * Makes one file of published renditions on the worker's disk, and publishes it. An MP4 goes up while it is written; a copy for which
 * the disk has no room is made in fragments, and kept nowhere.
 * @returns warnings
 */
export function makeFile(
  job: QueuedJob,
  file: FilmFile,
  folder: PlanFolder,
  run: FileRun,
  { freeBytes = freeBytesOf, indexRoom = indexRoomBytes }: MakeOptions = {},
): Promise<string[]> {
  const { settings, stores, log, signal } = run;
  const { output } = stores;
  return withPublished(run, async (reader, workDir) => {
    let isMpegts = false;
    let durationSeconds = 0;
    const urls: string[] = [];
    const textInputs: string[] = [];
    for (const rendition of inputsOf(file)) {
      const read = await reader.rendition(rendition);
      isMpegts ||= read.isMpegts;
      durationSeconds = Math.max(durationSeconds, read.durationSeconds);
      urls.push(read.url);
    }
    for (const { file: key } of file.text ?? []) {
      const { objects } = await output.listAll(key, signal);
      textInputs.push(await reader.serve(key, objects.slice(0, 1)));
    }
    const [first, ...moreInputs] = urls;
    if (first === undefined) throw new TypeError(`${file.name} is made of nothing.`);
    const callWith = (way: { pipe?: number; indexRoom?: number }): FfmpegCall => {
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
    const put = (from: Parameters<typeof putFilmFile>[3]) => putFilmFile(job, file, folder, from, run);

    if (isCopy(file) && (await freeBytes(workDir)) < bytesOf(file) + spareBytes) {
      await publishStream(callWith({ pipe: 3 }), run, put);
      return [
        `the worker's disk has no room for ${file.name} (${Math.ceil(bytesOf(file) / 1e6)} MB), so it was made in fragments: ` +
          'players find places in it later than with an index',
      ];
    }
    const path = join(workDir, file.name);
    if (file.format === 'mp4') {
      const room = indexRoom(file, { durationSeconds, title: job.title });
      try {
        await publishGrowing(callWith({ indexRoom: room }), path, run, (made) =>
          put({ path, made, finalFromByte: finalFromByte(room) }),
        );
        return [];
      } catch (error) {
        if (!(error instanceof IndexRoomError)) throw error;
        log.warn(
          { file: file.name, bytes: room },
          'the room for the index of a file was too small: it is made again',
        );
      }
    }
    await run.tools.ffmpeg(callWith({}));
    if (isCopy(file) && !(await hasIndexFirst(path)))
      throw new BadOutputError(`ffmpeg made ${file.name} without a whole index.`);
    await put({ path });
    return [];
  });
}

interface MakeOptions {
  /** What a disk has left. */
  freeBytes?: (path: string) => Promise<number>;
  indexRoom?: typeof indexRoomBytes;
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
