import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaPart } from '../plan/plan.ts';
import { headersFor } from '../protocol/content-types.ts';
import type { Uploads } from '../publish/uploads.ts';
import type { EncodeContext } from './context.ts';
import type { FileReader } from './file-reader.ts';
import { blankSheet } from './filter-graph.ts';
import type { Recorder } from './recorder.ts';

/** A segment in a part's folder, and who is to have it. */
interface SegmentFile {
  cwd: string;
  rendition: string;
  file: string;
  read: FileReader;
  uploads: Uploads;
  recorder: Recorder;
}

/**
 * Checks a segment and sends it on its way, before the first of a rendition its initialization section.
 * @throws BadOutputError when it is not whole and right
 */
export async function publishSegment(
  context: EncodeContext,
  { cwd, rendition, file, read, uploads, recorder }: SegmentFile,
) {
  const audio = context.plan.audio.some(({ name }) => name === rendition);
  const isFirst = context.plan.segmentFormat === 'fmp4' && !recorder.hasInit(rendition);
  const initPath = join(cwd, rendition, 'init.mp4');
  if (isFirst) await read(initPath, (data) => recorder.addInit(rendition, data));
  const path = join(cwd, rendition, file);
  await whenWritten(() => read(path, (data) => recorder.addSegment(rendition, file, data)));
  // After the segment was read: behind the film's end there is none, and that init segment would replace the good one.
  if (isFirst) {
    await uploads.add({
      key: context.folder.file(`${rendition}/init.mp4`),
      path: initPath,
      // Each part has it.
      unlessSame: true,
      ...headersFor('init.mp4', audio),
    });
  }
  await uploads.add({ key: context.folder.file(`${rendition}/${file}`), path, ...headersFor(file, audio) });
}

/**
 * ffmpeg names a segment just before it writes the last of it and closes the file, so one that is not whole is looked
 * at again for a while.
 */
async function whenWritten(check: () => Promise<void>): Promise<void> {
  for (let looks = 0; ; looks++) {
    try {
      return await check();
    } catch (error) {
      if (looks === maxLooks) throw error;
      await sleep(20);
    }
  }
}

const maxLooks = 50;

/** Poster and storyboard sheets are whole when ffmpeg has ended. */
export async function publishPictures(
  context: EncodeContext,
  part: MediaPart,
  cwd: string,
  uploads: Uploads,
  recorder: Recorder,
) {
  const blank = part.kind === 'video' ? blankSheet(part) : undefined;
  const made = await readdir(join(cwd, 'storyboard'));
  const sheets = made.filter((file) => file !== blank).sort(byNumber);
  for (const file of sheets) {
    recorder.addSheet(file);
    await uploads.add({
      key: context.folder.file(`storyboard/${file}`),
      path: join(cwd, 'storyboard', file),
      ...headersFor(file),
    });
  }
  const poster = (await readdir(cwd)).find((file) => file === 'poster.jpg');
  if (!poster) return;
  recorder.addPoster(poster);
  await uploads.add({
    key: context.folder.file(`${poster}`),
    path: join(cwd, poster),
    ...headersFor(poster),
  });
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
