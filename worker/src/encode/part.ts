import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedFilmError, RefusedError } from '../errors.ts';
import { MediaToolError, type PauseControl } from '../ffmpeg/media-tool.ts';
import type { MediaPart, Part, Plan, TextPart } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import { createUploads, type Uploads } from '../publish/uploads.ts';
import { followUrl } from '../source/server.ts';
import { audioArguments } from './audio-arguments.ts';
import type { EncodeContext } from './context.ts';
import { decodedByCpu, decodedByCpuWarning } from './cpu-decoding.ts';
import { overlayFiles, overlayFolder } from './draw.ts';
import { createFileReader } from './file-reader.ts';
import { publishPictures, publishSegment } from './made-files.ts';
import { NothingInsideError } from './nothing-inside.ts';
import { BadOutputError, createRecorder, type Recorder } from './recorder.ts';
import { makeText } from './text-part.ts';
import { videoArguments } from './video-arguments.ts';

export interface RunningPart {
  /** Resolves when ffmpeg has ended well, with the film time that it reached: the next part may start. */
  encoded: Promise<{ endSeconds: number }>;
  /** Resolves when all that the part made is published, checked and recorded. */
  recorded: Promise<PartRecord>;
}

/** Uploads under way at once; as many more wait before the encoder is held back. */
const parallelUploads = 4;

/** Encodes one part with one ffmpeg process and publishes each segment when it is whole. */
export function startPart(context: EncodeContext, part: Part): RunningPart {
  const encoded = Promise.withResolvers<{ endSeconds: number }>();
  encoded.promise.catch(() => {});
  const recorded =
    part.kind === 'text' ? textPart(context, part, encoded.resolve) : runPart(context, part, encoded.resolve);
  recorded.catch(encoded.reject);
  return { encoded: encoded.promise, recorded };
}

async function textPart(
  context: EncodeContext,
  part: TextPart,
  onEncoded: (reached: { endSeconds: number }) => void,
): Promise<PartRecord> {
  const record = await makeText(context, part);
  onEncoded(record);
  return record;
}

async function runPart(
  context: EncodeContext,
  part: MediaPart,
  onEncoded: (reached: { endSeconds: number }) => void,
): Promise<PartRecord> {
  try {
    return await makePart(context, part, onEncoded);
  } catch (error) {
    const plan = decodedByCpu(context.plan, part, error);
    if (plan === undefined || context.signal.aborted || context.sourceFailure() !== undefined) throw error;
    const startSeconds = part.kind === 'video' ? part.startSeconds : 0;
    return makePart({ ...context, plan }, part, onEncoded, [decodedByCpuWarning(startSeconds)]);
  }
}

async function makePart(
  context: EncodeContext,
  part: MediaPart,
  onEncoded: (reached: { endSeconds: number }) => void,
  warnings: readonly string[] = [],
): Promise<PartRecord> {
  const { plan, output } = context;
  const startedAt = performance.now();
  const cwd = join(context.workDir, `part-${part.index}`);
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const uploads = createUploads({
    store: output,
    parallel: parallelUploads,
    signal,
    onUploaded: async ({ path }, { sizeBytes }) => {
      await rm(path, { force: true });
      context.onPublished(part, sizeBytes);
    },
  });
  const recorder = createRecorder(plan, part);
  try {
    const { errorLines } = await encode({
      context,
      part,
      cwd,
      uploads,
      recorder,
      signal,
      fail: (e) => failed.abort(e),
    });
    onEncoded({ endSeconds: recorder.endSeconds() });
    const encodeSeconds = (performance.now() - startedAt) / 1000;
    await publishPictures(context, part, cwd, uploads, recorder);
    await uploads.finish();
    const found = recorder.finish({ errorLines, encodeSeconds });
    const record = { ...found, warnings: [...warnings, ...found.warnings] };
    await context.record(part, record, signal);
    return record;
  } catch (error) {
    failed.abort(error);
    await uploads.finish().catch(() => {});
    throw error;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

interface EncodeRun {
  context: EncodeContext;
  part: MediaPart;
  cwd: string;
  uploads: Uploads;
  recorder: Recorder;
  signal: AbortSignal;
  fail: (error: unknown) => void;
}

async function encode({ context, part, cwd, uploads, recorder, signal, fail }: EncodeRun) {
  const { plan } = context;
  const { source = 0, moreInputs = [], ...args } = argumentsOf(plan, part, context.maxSeconds);
  const { lavfiFirst, inputArgs, outputArgs, renditions } = args;
  const urlOf = (index: number) => {
    const url = context.urls[index];
    if (url !== undefined) return url;
    throw new TypeError(`The plan names source ${index}, and ${context.urls.length} are open.`);
  };
  // Audio is done much sooner than the picture: unpaced it would fetch the whole film a second time.
  const isPaced =
    context.pacesAudio && part.kind === 'audio' && plan.video !== undefined && plan.clips === undefined;
  for (const name of [...renditions, 'storyboard']) await mkdir(join(cwd, name), { recursive: true });

  // Segments of a rendition are checked in their order; uploads are held back there when the network is slow.
  let waiting = 0;
  let pauseControl: PauseControl | undefined;
  const enough = renditions.length * 3;
  const read = createFileReader();
  let frames = 0;
  let nothing: BadOutputError | undefined;
  const queues = renditions.map(() => Promise.resolve());
  const onSegment = (index: number, rendition: string, file: string) => {
    if (++waiting === enough) pauseControl?.pause();
    queues[index] = (queues[index] ?? Promise.resolve())
      .then(() => publishSegment(context, { cwd, rendition, file, read, uploads, recorder }))
      .then(() => {
        if (waiting-- === enough) pauseControl?.resume();
      })
      .catch((error: unknown) => {
        if (isNothing(error)) nothing = error;
        else fail(error);
      });
  };
  const running = context.tools.ffmpeg({
    input: { url: isPaced ? followUrl(urlOf(source)) : urlOf(source) },
    ...(lavfiFirst === undefined ? {} : { lavfiFirst }),
    inputArgs,
    moreInputs: moreInputs.map((more) => ({ url: urlOf(more.source), inputArgs: more.inputArgs })),
    outputArgs,
    cwd,
    fontConfigPath: plan.video?.overlays && join(cwd, overlayFolder, overlayFiles.fontConfig),
    stallSeconds: context.stallSeconds,
    // A film that does not arrive is the source server's to give up on.
    isSourceStalled: () => context.sourceStalledSeconds() > 0,
    signal,
    onStart: (started) => {
      pauseControl = started;
    },
    onProgress: (progress) => {
      frames = progress.frames;
      context.onProgress(part, progress);
    },
    // A line is `file,start,end`; the file's name is ours and has no comma.
    onLine: renditions.map(
      (rendition, index) => (line) => onSegment(index, rendition, line.split(',')[0] ?? ''),
    ),
  });
  const result = await running.catch((error: unknown) => blameFilm(error, part));
  await Promise.all(queues);
  signal.throwIfAborted();
  // Workers of one film may begin parts behind an end that the header did not show.
  if (nothing && (frames > 0 || part.firstSegment === 0)) throw nothing;
  return result;
}

function isNothing(error: unknown): error is BadOutputError {
  return error instanceof BadOutputError && error.cause instanceof NothingInsideError;
}

/** ffmpeg's exit code when over two thirds of the frames can't be decoded: its option -max_error_rate. */
const exitTooManyErrors = 69;

/** What versions before 7 say where not one frame was decoded. */
const nothingDecoded = /Cannot determine format of input/;

const noDecoder = /(?:Decoder \(codec |no decoder found for: )(\w+)/;

/** ffmpeg's word for damaged data. */
const damagedData = /Invalid data found when processing input/;

function blameFilm(error: unknown, part: Part): never {
  const where = part.kind === 'video' && part.clip !== undefined ? `Clip ${part.clip + 1}: ` : '';
  if (!(error instanceof MediaToolError)) throw error;
  if (error.exitCode === exitTooManyErrors || nothingDecoded.test(error.stderrTail)) {
    const message =
      'The film is damaged: most of its frames cannot be decoded. Check that it plays, and upload it again.';
    throw new RefusedError('damaged', where + message, { cause: error });
  }
  const codec = noDecoder.exec(error.stderrTail)?.[1];
  if (codec !== undefined) {
    const message = `The film is in the format ${codec}, which the farm cannot decode. Convert it to H.264 or HEVC.`;
    throw new RefusedError('no-decoder', where + message, { cause: error });
  }
  if (error.exitCode === null || !damagedData.test(error.stderrTail)) throw error;
  const message = 'The film is damaged, and ffmpeg gave up on it. Play it to its end, or upload it again.';
  throw new DamagedFilmError(where + message, { cause: error });
}

function argumentsOf(plan: Plan, part: MediaPart, maxSeconds: number) {
  if (part.kind === 'audio') return audioArguments(plan, part, maxSeconds);
  if (!plan.video) throw new TypeError(`Part ${part.index} is video, and the plan has none.`);
  return videoArguments(plan, plan.video, part, maxSeconds);
}
