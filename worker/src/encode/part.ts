import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PauseControl } from '../ffmpeg/media-tool.ts';
import type { LoudnessPart, MediaPart, Part, Plan, TextPart } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import { createUploads, type Uploads } from '../publish/uploads.ts';
import { followUrl } from '../source/server.ts';
import { audioArguments } from './audio-arguments.ts';
import { AudioYield } from './audio-yield.ts';
import { blameFilm } from './blame-film.ts';
import { type EncodeContext, sourceUrl } from './context.ts';
import { encodedAfterAll, encodedAfterAllWarning } from './copy-arguments.ts';
import { decodedByCpu, decodedByCpuWarning } from './cpu-decoding.ts';
import { overlayFiles, overlayFolder } from './draw.ts';
import { createFileReader } from './file-reader.ts';
import { JoinedAudio } from './joined-audio.ts';
import { LoudnessMeter } from './loudness-meter.ts';
import { measureLoudness, readGains } from './loudness-part.ts';
import { publishPictures, publishSegment, type SegmentFile } from './made-files.ts';
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
    part.kind === 'text' || part.kind === 'loudness'
      ? wholePart(context, part, encoded.resolve)
      : runPart(context, part, encoded.resolve);
  recorded.catch(encoded.reject);
  return { encoded: encoded.promise, recorded };
}

async function wholePart(
  context: EncodeContext,
  part: TextPart | LoudnessPart,
  onEncoded: (reached: { endSeconds: number }) => void,
): Promise<PartRecord> {
  const record = part.kind === 'text' ? await makeText(context, part) : await measureLoudness(context, part);
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
    const { startSeconds = 0 } = part;
    const byCpu = decodedByCpu(context.plan, part, error);
    const plan = byCpu ?? encodedAfterAll(context.plan, part, error);
    if (plan === undefined || context.signal.aborted || context.sourceFailure() !== undefined) throw error;
    const warning = byCpu ? decodedByCpuWarning(startSeconds) : encodedAfterAllWarning(startSeconds);
    return makePart({ ...context, plan }, part, onEncoded, [warning]);
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
    const { errorLines, ...measured } = await encode({
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
    const record = { ...found, ...measured, warnings: [...warnings, ...found.warnings] };
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
  const gainsDb = part.kind === 'audio' ? await readGains(context) : [];
  const {
    source = 0,
    moreInputs = [],
    samples,
    ...args
  } = argumentsOf(plan, part, context.maxSeconds, gainsDb);
  const { lavfiFirst, inputArgs, outputArgs, renditions, meterSeconds = [] } = args;
  const meters = meterSeconds.map((seconds) => new LoudnessMeter(seconds));
  // Audio is done much sooner than the picture: unpaced it would fetch the whole film a second time.
  const isPaced =
    context.pacesAudio && part.kind === 'audio' && plan.video !== undefined && plan.clips === undefined;
  for (const name of [...renditions, 'storyboard']) await mkdir(join(cwd, name), { recursive: true });

  // Segments of a rendition are checked in their order; uploads are held back there when the network is slow.
  let waiting = 0;
  let pauseControl: PauseControl | undefined;
  const audioYield = new AudioYield(context, part, renditions);
  const enough = renditions.length * 3;
  const read = createFileReader();
  let frames = 0;
  let nothing: BadOutputError | undefined;
  const queues = renditions.map(() => Promise.resolve());
  const onSegment = (
    index: number,
    rendition: string,
    segment: Pick<SegmentFile, 'file' | 'startSeconds' | 'endSeconds'>,
  ) => {
    if (++waiting === enough) pauseControl?.pause();
    queues[index] = (queues[index] ?? Promise.resolve())
      .then(() => publishSegment(context, { ...segment, part, cwd, rendition, read, uploads, recorder }))
      .then(() => {
        if (waiting-- === enough) pauseControl?.resume();
        audioYield.published(rendition, pauseControl);
      })
      .catch((error: unknown) => {
        if (isNothing(error)) nothing = error;
        else fail(error);
      });
  };
  const joined = samples && new JoinedAudio(context, { signal, fail, isPaced });
  const url = sourceUrl(context, source);
  const running = context.tools.ffmpeg({
    input:
      samples && joined
        ? { samples, onOpen: (streams) => joined.write(streams) }
        : { url: isPaced ? followUrl(url) : url },
    ...(lavfiFirst === undefined ? {} : { lavfiFirst }),
    inputArgs,
    moreInputs: moreInputs.map((more) => ({
      url: sourceUrl(context, more.source),
      inputArgs: more.inputArgs,
    })),
    outputArgs,
    cwd,
    fontConfigPath: plan.video?.overlays && join(cwd, overlayFolder, overlayFiles.fontConfig),
    stallSeconds: context.stallSeconds,
    // A film that does not arrive is the source server's to give up on.
    isSourceStalled: () => joined?.isAwaited() ?? context.sourceStalledSeconds() > 0,
    signal,
    onStart: (started) => {
      pauseControl = started;
    },
    onProgress: (progress) => {
      frames = progress.frames;
      context.onProgress(part, progress);
    },
    // A line is `file,start,end`; the file's name is ours and has no comma.
    onLine: [
      ...renditions.map((rendition, index) => (line: string) => {
        const [file = '', start, end] = line.split(',');
        onSegment(index, rendition, { file, startSeconds: Number(start), endSeconds: Number(end) });
      }),
      ...meters.map((meter) => (line: string) => meter.addLine(line)),
    ],
  });
  const clip = part.kind === 'video' ? part.clip : undefined;
  const { errorLines } = await running.catch((error: unknown) => blameFilm(error, clip));
  audioYield.ended();
  await Promise.all(queues);
  signal.throwIfAborted();
  // Workers of one film may begin parts behind an end that the header did not show.
  if (nothing && (frames > 0 || part.firstSegment === 0)) throw nothing;
  return {
    errorLines: errorLines + (joined?.errorLines ?? 0),
    ...(meters.length > 0
      ? { loudness: meters.map((meter, n) => ({ name: renditions[n] ?? '', ...meter.blocks() })) }
      : {}),
  };
}

function isNothing(error: unknown): error is BadOutputError {
  return error instanceof BadOutputError && error.cause instanceof NothingInsideError;
}

function argumentsOf(plan: Plan, part: MediaPart, maxSeconds: number, gainsDb: readonly number[]) {
  if (part.kind === 'audio') return audioArguments(plan, part, maxSeconds, { gainsDb, isMetered: true });
  if (!plan.video) throw new TypeError(`Part ${part.index} is video, and the plan has none.`);
  return videoArguments(plan, plan.video, part, maxSeconds);
}
