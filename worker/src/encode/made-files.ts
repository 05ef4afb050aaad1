import { readdir, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeBuffer } from '../free-buffer.ts';
import type { AudioRendition, MediaPart } from '../plan/plan.ts';
import { readAc3Frames } from '../probe/ac3-frames.ts';
import { headersFor } from '../protocol/content-types.ts';
import { encryptSegment } from '../publish/segment-encryption.ts';
import type { Uploads } from '../publish/uploads.ts';
import { ac3Init, ac3Segment, copiedFrames, isPacked } from './ac3-segment.ts';
import { frameSeconds } from './audio-frames.ts';
import type { EncodeContext } from './context.ts';
import type { FileReader } from './file-reader.ts';
import { blankSheet } from './filter-graph.ts';
import { NothingInsideError } from './nothing-inside.ts';
import { BadOutputError, type Recorder } from './recorder.ts';

/** A segment in a part's folder, and who is to have it. */
export interface SegmentFile {
  part: MediaPart;
  cwd: string;
  rendition: string;
  file: string;
  /** As ffmpeg says, from where its run begins. */
  startSeconds: number;
  endSeconds: number;
  read: FileReader;
  uploads: Uploads;
  recorder: Recorder;
}

/**
 * Checks a segment and sends it on its way, before the first of a rendition its initialization section.
 * @throws BadOutputError when it is not whole and right
 */
export async function publishSegment(context: EncodeContext, { uploads, ...made }: SegmentFile) {
  const { part, cwd, rendition, read, recorder } = made;
  const audio = context.plan.audio.find(({ name }) => name === rendition);
  const isAudio = audio !== undefined;
  const file = audio && isPacked(context.plan, audio) ? await packAc3(audio, made) : made.file;
  const isFirst = context.plan.segmentFormat === 'fmp4' && !recorder.hasInit(rendition);
  const initPath = join(cwd, rendition, 'init.mp4');
  if (isFirst) await read(initPath, (data) => recorder.addInit(rendition, data));
  const path = join(cwd, rendition, file);
  const { added, sealed } = await whenWritten(() =>
    read(path, (data) => {
      const added = recorder.addSegment(rendition, file, data);
      const { segmentKey } = context;
      return { added, sealed: segmentKey && encryptSegment(data, segmentKey, added.segment.number) };
    }),
  );
  // After the segment was read: behind the film's end there is none, and that init segment would replace the good one.
  if (isFirst) {
    await uploads.add({
      key: context.folder.file(`${rendition}/init.mp4`),
      path: initPath,
      // Each part has it.
      unlessSame: true,
      onUploaded: () => context.onSegment?.(part, rendition, { kind: 'init' }),
      ...headersFor('init.mp4', isAudio),
    });
  }
  await uploads.add({
    key: context.folder.file(`${rendition}/${file}`),
    path: sealed ? await replaceFile(path, sealed) : path,
    onUploaded: () => context.onSegment?.(part, rendition, { kind: 'segment', ...added }),
    ...headersFor(file, isAudio),
  });
}

/** In a file of another name: ffmpeg may not have closed the first one yet. */
async function replaceFile(path: string, pieces: Buffer[]): Promise<string> {
  const other = `${path}.aes`;
  await writeFile(other, pieces);
  for (const piece of pieces) freeBuffer(piece);
  await rm(path, { force: true });
  return other;
}

/** Makes an fMP4 segment of frames of AC-3, and before the first one the initialization section. @returns the segment's file */
async function packAc3(
  audio: AudioRendition,
  { cwd, rendition, file, startSeconds, endSeconds, read, recorder }: Omit<SegmentFile, 'uploads' | 'part'>,
): Promise<string> {
  const path = join(cwd, rendition, file);
  const number = Number.parseInt(file, 10);
  const due = Math.round((endSeconds - startSeconds) / frameSeconds(audio));
  const firstFrame = recorder.firstFrame(rendition) + Math.round(startSeconds / frameSeconds(audio));
  let looks = 0;
  const packed = `${file.slice(0, -extname(file).length)}.m4s`;
  let init: Buffer | undefined;
  let segment: Buffer = Buffer.alloc(0);
  await whenWritten(() =>
    read(path, (data) => {
      const frames = audio.copied ? copiedFrames(data, audio) : readAc3Frames(data);
      const [first] = frames;
      if (first === undefined)
        throw new BadOutputError('', { cause: new NothingInsideError('it holds no frame') });
      // Where the format of the audio changes, ffmpeg 5 leaves out a frame.
      const missing = looks++ < looksForLast ? 0 : 1;
      if (frames.length < due - missing)
        throw new BadOutputError(
          `Of segment ${number} of ${rendition}, ${frames.length} of ${due} frames are there.`,
        );
      if (!recorder.hasInit(rendition)) init = ac3Init(first);
      segment = ac3Segment(data, frames, { number, firstFrame });
    }),
  );
  if (init) await writeFile(join(cwd, rendition, 'init.mp4'), init);
  await writeFile(join(cwd, rendition, packed), segment);
  await rm(path, { force: true });
  return packed;
}

/**
 * ffmpeg names a segment just before it writes the last of it and closes the file, so one that is not whole is looked
 * at again for a while.
 */
async function whenWritten<T>(check: () => Promise<T>): Promise<T> {
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

/** By then the last frame of a segment is written, if there is one. */
const looksForLast = 10;

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
