import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inputsOf, textTrackArguments, textTrackName, threeLetters } from '../../encode/file-arguments.ts';
import { BadOutputError } from '../../encode/recorder.ts';
import { findBox } from '../../mp4/boxes.ts';
import { type ExpectedTrack, indexRoomBytes } from '../../mp4/index-room.ts';
import { BrokenSegmentError, IndexRoomError, JoinedMovie, type SegmentedTrack } from '../../mp4/join.ts';
import type { CopiedFile, FilmFile } from '../../publish/film-files.ts';
import { defaultFetchTiming } from '../../source/fetch-range.ts';
import type { HeadLastObject } from '../../storage/head-last.ts';
import type { TranscodeRun } from '../film.ts';
import type { ObjectList } from './object-list.ts';
import { readInOrder } from './read-in-order.ts';
import type { PublishedReader } from './read-published.ts';

type JoinRun = Pick<TranscodeRun, 'settings' | 'stores' | 'tools' | 'log' | 'signal'>;

/** What says of files of a kind how they may be read: the same that ffmpeg writes. */
const brands = {
  mp4: ['isom', 'iso2', 'avc1', 'mp41'],
  m4a: ['M4A ', 'isom', 'iso2'],
};

/** AAC has 1024 samples a frame, at 48 kHz or less. */
const audioFramesPerSecond = 48_000 / 1024;

/** Renditions have no more. */
const maxFrameRate = 60;

/** A rendition to join. */
export interface JoinedRendition {
  /** The init segment first. */
  objects: ObjectList;
  /** At most. */
  durationSeconds: number;
}

export interface JoinParts {
  /** In the order of `inputsOf`. */
  renditions: readonly JoinedRendition[];
  reader: Pick<PublishedReader, 'texts' | 'isStalled'>;
  workDir: string;
  title: string | undefined;
}

/**
 * Joins published fMP4 segments to an MP4 or M4A with its index first, and publishes it while they are read, or even come to be: it
 * takes neither disk nor another program, but for what turns subtitles into a track.
 * @param indexRoom bytes that are left for the index at first
 */
export async function joinFile(
  file: CopiedFile,
  { renditions, reader, workDir, title }: JoinParts,
  run: JoinRun,
  put: (object: HeadLastObject) => Promise<void>,
  indexRoom: (tracks: readonly ExpectedTrack[]) => number = indexRoomBytes,
): Promise<void> {
  const texts = await textTracks(file, { reader, workDir }, run);
  const { output } = run.stores;
  const { patienceSeconds, stallSeconds } = run.settings.storage;
  const timing = { ...defaultFetchTiming, patienceSeconds, slowSeconds: stallSeconds / 2 };
  const inits = await Promise.all(
    renditions.map(async ({ objects }) => {
      const init = await objects.wait(0, run.signal);
      const bytes = init && (await output.get(init.key, run.signal));
      if (bytes === undefined) throw new Error(`The init segment of ${file.name} is no longer in storage.`);
      return bytes;
    }),
  );
  const movie = () =>
    new JoinedMovie({
      brands: brands[file.format],
      title,
      tracks: [
        ...inputsOf(file).map((rendition, index): SegmentedTrack => {
          const { objects } = renditions[index] as JoinedRendition;
          const isAudio = rendition.kind === 'audio';
          return {
            init: inits[index] as Buffer,
            segments: readInOrder(output, objects, { from: 1, timing, signal: run.signal }),
            ...(isAudio && { isEnabled: rendition === file.audio[0] }),
            ...(isAudio && rendition.language && { language: threeLetters(rendition.language) }),
          };
        }),
        ...texts.map(({ init, segments }, index) => ({
          init,
          segments: once(segments),
          // As ffmpeg has it: players show one only if they are asked to, and this first.
          isEnabled: index === 0,
        })),
      ],
    });
  const expected = expectedTracks(file, renditions);
  for (let room = indexRoom(expected); ; ) {
    const joined = movie();
    try {
      await put({
        rest: wholeSegments(file, joined),
        headRoomBytes: room,
        head: (roomBytes) => joined.head(roomBytes),
      });
      return;
    } catch (error) {
      if (!(error instanceof IndexRoomError)) throw error;
      run.log.warn(
        { err: error, file: file.name },
        'the room for the index of a file was too small: it is made again',
      );
      room = error.neededBytes;
    }
  }
}

/** @throws BadOutputError where a segment is not what its head says */
async function* wholeSegments({ name }: FilmFile, movie: JoinedMovie): AsyncGenerator<Buffer> {
  try {
    yield* movie.media();
  } catch (error) {
    if (!(error instanceof BrokenSegmentError)) throw error;
    throw new BadOutputError(`${name} could not be made of the published segments: ${error.message}.`, {
      cause: error,
    });
  }
}

function expectedTracks(file: FilmFile, renditions: readonly JoinedRendition[]): ExpectedTrack[] {
  const ofRenditions = inputsOf(file).map(({ kind, frameRate }, index) => {
    // A last frame may be longer than the others.
    const seconds = (renditions[index]?.durationSeconds ?? 0) + 1;
    const perSecond = kind === 'video' ? (frameRate ?? maxFrameRate) : audioFramesPerSecond;
    return {
      kind: kind === 'video' ? ('video' as const) : ('audio' as const),
      samples: perSecond * seconds,
      seconds,
    };
  });
  // Between two cues stands an empty sample.
  const ofTexts = (file.text ?? []).map(({ cues }) => ({
    kind: 'text' as const,
    samples: 2 * cues + 2,
    seconds: 0,
  }));
  return [...ofRenditions, ...ofTexts];
}

/** Subtitles as a published rendition would be: ffmpeg makes them of the WebVTT files. */
async function textTracks(
  { text = [] }: FilmFile,
  { reader, workDir }: Pick<JoinParts, 'reader' | 'workDir'>,
  { settings, tools, signal }: JoinRun,
): Promise<{ init: Buffer; segments: Buffer }[]> {
  if (text.length === 0) return [];
  const [textUrl = '', ...textInputs] = await reader.texts(text);
  await tools.ffmpeg({
    input: { textUrl },
    textInputs,
    // Else the first cue is moved to zero.
    inputArgs: ['-copyts'],
    outputArgs: text.flatMap(textTrackArguments),
    cwd: workDir,
    stallSeconds: settings.encoding.stallSeconds,
    isSourceStalled: () => reader.isStalled(),
    signal,
  });
  return Promise.all(
    text.map(async (_, index) => {
      const bytes = await readFile(join(workDir, textTrackName(index)));
      const { end } = findBox(bytes, ['moov']);
      return { init: bytes.subarray(0, end), segments: bytes.subarray(end) };
    }),
  );
}

async function* once(segments: Buffer): AsyncGenerator<Buffer> {
  yield segments;
}
