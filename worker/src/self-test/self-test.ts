import { mkdir, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryGpuDecode } from '../encode/try-decode.ts';
import { videoArguments } from '../encode/video-arguments.ts';
import { MediaToolError, type MediaTools } from '../ffmpeg/media-tool.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan, VideoEncoder, VideoPlan } from '../plan/plan.ts';
import { probe } from '../probe/probe.ts';
import type { Settings } from '../settings/settings.ts';
import { fileSource } from '../source/file-source.ts';
import { type SourceServer, serveSource } from '../source/server.ts';
import type { SourceKind } from './kinds.ts';

/** What became of one kind of film on this machine. */
export interface KindResult {
  kind: string;
  /** `not made`: this machine's ffmpeg has no encoder for such films, so it could not be tried. */
  state: 'ok' | 'failed' | 'not made';
  path?: VideoPlan['path'];
  renditions?: string[];
  frames?: number;
  /** Film seconds in a second, all renditions together. */
  speed?: number;
  /** Why it failed, or why the CPU decodes. */
  note?: string;
}

export interface SelfTestOptions {
  tools: MediaTools;
  encoder: VideoEncoder;
  settings: Pick<Settings, 'encoding' | 'limits'>;
  /** Length of each film. */
  seconds: number;
  signal: AbortSignal;
}

/** Longer than any encoder stands still on a small film. */
const stallSeconds = 60;

/** Sends a small film of each kind through the farm's own probe, plan and ffmpeg arguments, with all renditions. */
export async function* selfTest(
  kinds: readonly SourceKind[],
  options: SelfTestOptions,
): AsyncGenerator<KindResult> {
  for (const kind of kinds) {
    options.signal.throwIfAborted();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'self-test-'));
    yield await tryKind(kind, folder.path, options);
  }
}

async function tryKind(kind: SourceKind, folder: string, options: SelfTestOptions): Promise<KindResult> {
  const clip = join(folder, 'film.mkv');
  const { size, rate, args, name } = kind;
  const unmade = await attempt(() =>
    options.tools.ffmpeg({
      input: { lavfi: `testsrc2=size=${size}:rate=${rate}:duration=${options.seconds}` },
      inputArgs: [],
      outputArgs: [...args, clip],
      stallSeconds,
      signal: options.signal,
    }),
  );
  if (unmade !== undefined) return { kind: name, state: 'not made', note: unmade };
  const source = fileSource(clip);
  const server = await serveSource(source, await source.describe());
  const result: KindResult = { kind: name, state: 'ok' };
  try {
    const problem = await attempt(() => encode(server, folder, options, result));
    return problem === undefined ? result : { ...result, state: 'failed', note: problem };
  } finally {
    await server.close();
  }
}

async function encode(
  server: SourceServer,
  folder: string,
  options: SelfTestOptions,
  result: KindResult,
): Promise<void> {
  const { tools, settings, signal } = options;
  const plan = await planOf(server, options, result);
  const { video } = plan;
  const part = plan.parts[0];
  if (video === undefined || part?.kind !== 'video') throw new Error('the film has no video');
  Object.assign(result, { path: video.path, renditions: video.renditions.map(({ name }) => name) });
  const { inputArgs, outputArgs, renditions } = videoArguments(
    plan,
    video,
    part,
    settings.limits.durationSeconds,
  );
  for (const name of [...renditions, 'storyboard']) await mkdir(join(folder, name));
  const startedAt = performance.now();
  await tools.ffmpeg({
    input: { url: server.url },
    inputArgs,
    outputArgs,
    cwd: folder,
    stallSeconds,
    signal,
    onLine: renditions.map(() => () => {}),
    onProgress: ({ frames }) => {
      result.frames = frames;
    },
  });
  result.speed = plan.durationSeconds / ((performance.now() - startedAt) / 1000);
  const due = (video.durationSeconds * video.frameRate.num) / video.frameRate.den;
  if (Math.abs((result.frames ?? 0) - due) > 2)
    throw new Error(`${result.frames ?? 0} frames came out, and ${Math.round(due)} were due`);
}

/** As the farm plans: the GPU is tried on the film, and where it fails, the CPU decodes. */
async function planOf(
  { url }: SourceServer,
  { tools, encoder, settings, signal }: SelfTestOptions,
  result: KindResult,
): Promise<Plan> {
  const media = await probe(tools, url, 1, settings.limits, signal);
  // One part, whatever the settings: the film is tried whole.
  const encoding = { ...settings.encoding, partSeconds: settings.limits.durationSeconds };
  const request = { sourceVersion: 'self-test', encoding, encoder, software: 'self-test' };
  const plan = makePlan(media, request);
  if (plan.video?.path !== 'gpu') return plan;
  const problem = await tryGpuDecode(tools, url, plan.video, { stallSeconds, signal });
  if (problem === undefined) return plan;
  result.note = `NVDEC refuses it: ${problem}`;
  return makePlan(media, { ...request, gpuDecodes: false });
}

/** @returns the first line of what went wrong */
async function attempt(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'AbortError') throw error;
    const text = error instanceof MediaToolError ? error.stderrTail || error.message : error.message;
    return text.split('\n')[0]?.replace(/^\[[^\]]*\]\s*/, '');
  }
}
