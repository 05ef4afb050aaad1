import { tryGpuDecode } from '../encode/try-decode.ts';
import { RefusedError } from '../errors.ts';
import { bucketAssets } from '../overlays/assets.ts';
import { findAssets } from '../overlays/find-assets.ts';
import { overlaysOf } from '../overlays/overlays-of.ts';
import { type Encoding, encodingFor } from '../plan/encoding.ts';
import type { SegmentEncryption } from '../plan/encryption.ts';
import { joinClips } from '../plan/join.ts';
import { makePlan, type PlanRequest } from '../plan/make-plan.ts';
import type { OutputName } from '../plan/outputs.ts';
import type { OverlayRequest } from '../plan/overlays.ts';
import { audioPartSeconds, isWorthCutting } from '../plan/parts.ts';
import { nameClip } from '../plan/place-clips.ts';
import type { Plan, VideoEncoder } from '../plan/plan.ts';
import { encoderForViews, viewWarnings } from '../plan/view-presets.ts';
import { noteCadence } from '../probe/cadence.ts';
import { type Media, withoutVideo } from '../probe/media.ts';
import { probe } from '../probe/probe.ts';
import { refuseDuration } from '../probe/refuse.ts';
import { noteTelecine } from '../probe/telecine.ts';
import { noteWholeFrames } from '../probe/whole-frames.ts';
import type { Clip } from '../protocol/clips.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { describeSource } from '../protocol/source-location.ts';
import { refuseClearFiles, refuseImpossible } from '../publish/film-files.ts';
import { type FilmRequest, requestHash } from '../publish/film-record.ts';
import { headReader, rangeReader } from '../source/read-head.ts';
import { lookUrl } from '../source/server.ts';
import { mapLimited } from '../storage/limited.ts';
import type { TranscodeRun } from './film.ts';
import type { OpenedSource } from './open-source.ts';
import { probeMusic } from './probe-music.ts';
import { withOwnQuality } from './quality/try-qualities.ts';
import { encryptionOf } from './segment-keys.ts';
import { findSideFiles } from './side-files.ts';

/** What the film is to be. */
export interface WantedFilm {
  outputs: OutputName[];
  encoding: Encoding;
  encoder: VideoEncoder;
  sourceVersion: string;
  encryption: SegmentEncryption | undefined;
  overlays: OverlayRequest | undefined;
  request: FilmRequest;
}

/** @throws RefusedError for an image or a font that cannot be used, `clear-files` */
export async function wantedFilm(
  job: QueuedJob,
  sourceVersion: string,
  { settings, encoder: own, stores, signal }: TranscodeRun,
): Promise<WantedFilm> {
  const encoder = encoderForViews(own, settings.encoding, job.options);
  const outputs = job.options?.outputs ?? settings.outputs;
  const encoding = encodingFor(settings.encoding, { ...job.options, outputs });
  const encryption = encryptionOf(job, settings);
  if (encryption) refuseClearFiles(outputs);
  const forcedBy = job.options?.force ? job.requestId : undefined;
  const { name, preset } = encoder;
  const source = job.source ?? job.sources;
  const asked = overlaysOf(job.options, settings);
  const overlays =
    asked.length === 0 || encoding.audioOnly
      ? undefined
      : await findAssets(asked, bucketAssets(stores.source), signal);
  // Not its threads: the same film is asked for on a larger machine.
  const hash = requestHash({
    source,
    sourceVersion,
    encoding,
    encoder: { name, preset },
    // Left out where there are none: films that were made before there were any keep their hash.
    overlays,
    subtitles: job.options?.subtitles,
    encryption,
  });
  return {
    outputs,
    encoding,
    encoder,
    sourceVersion,
    encryption,
    overlays,
    request: { hash, ...(forcedBy === undefined ? {} : { forcedBy }) },
  };
}

export interface OpenSources {
  sources: readonly OpenedSource[];
  urls: readonly string[];
}

/** Probes every source, and plans. @throws RefusedError, which names the clip where there are several */
export async function planFilm(
  job: QueuedJob,
  open: OpenSources,
  wanted: WantedFilm,
  run: TranscodeRun,
): Promise<Plan> {
  const { settings, report } = run;
  const startedAt = performance.now();
  report.update({ stage: 'probing' });
  const { request, outputs, ...rest } = wanted;
  const finding = findSideFiles(job, run);
  // A refusal by the probe, which does not wait for them, may come first.
  finding.catch(() => {});
  const music = await probeMusic(job.options?.music, open, run);
  const film =
    music === undefined ? open : { sources: open.sources.slice(0, -1), urls: open.urls.slice(0, -1) };
  const planRequest = async (): Promise<PlanRequest> => ({
    ...rest,
    music,
    sideFiles: (await finding).files,
    software: run.software,
    functionLimits: settings.functionLimits,
    ...(request.forcedBy === undefined ? {} : { forceRequestId: request.forcedBy }),
  });
  const planned = job.sources
    ? await planClips(job.sources, film, planRequest, run)
    : await planSource(film, planRequest, run);
  const fitted =
    wanted.encoding.perFilmQuality && run.invocation === undefined
      ? await withOwnQuality(planned, film.urls, wanted.encoding.quality, run)
      : planned;
  const ofViews = viewWarnings(wanted.encoder, settings.encoding, job.options ?? {});
  const ofSideFiles = (await finding).warnings;
  const plan = { ...fitted, warnings: [...fitted.warnings, ...ofSideFiles, ...ofViews] };
  refuseImpossible(outputs, plan);
  const probeSeconds = (performance.now() - startedAt) / 1000;
  report.update({
    stage: 'encoding',
    plan: plan.id,
    warnings: plan.warnings,
    timings: { ...report.state().timings, probeSeconds },
  });
  return plan;
}

async function planSource(
  { sources, urls }: OpenSources,
  planRequest: () => Promise<PlanRequest>,
  run: TranscodeRun,
): Promise<Plan> {
  const [source, url] = [sources[0], urls[0]];
  if (source === undefined || url === undefined) throw new TypeError('A job has at least one source.');
  const probed = await withCadence(await probeSource(source, url, run), url, run);
  const whole = await noteWholeFrames(probed, rangeReader(source.object, source.info, run.signal));
  const request = await planRequest();
  const media = request.encoding.audioOnly ? withoutVideo(whole) : whole;
  return planForGpu((gpuDecodes) => makePlan(media, { ...request, gpuDecodes }), url, run);
}

async function probeSource({ object, info }: OpenedSource, url: string, run: TranscodeRun): Promise<Media> {
  const { settings, tools, signal } = run;
  const { limits, encoding } = settings;
  const readHead = headReader(object, info, signal);
  const media = await probe(tools, lookUrl(url), info.sizeBytes, limits, signal, readHead);
  return noteTelecine(tools, url, media, { stallSeconds: encoding.stallSeconds, signal });
}

/** Only of a film whose audio is long enough to be cut. */
async function withCadence(media: Media, url: string, { settings, tools, signal }: TranscodeRun) {
  const { limits, encoding } = settings;
  const { audio, indexed, durationSeconds } = media;
  const partSeconds = audioPartSeconds(audio.length, encoding.partSeconds);
  if (!indexed || audio.length === 0 || !isWorthCutting(durationSeconds, partSeconds)) return media;
  return noteCadence(tools, url, media, { timeoutSeconds: limits.probeSeconds, signal });
}

/** Sources that are probed at once. */
const probesAtOnce = 2;

async function planClips(
  clips: readonly Clip[],
  { sources, urls }: OpenSources,
  planRequest: () => Promise<PlanRequest>,
  run: TranscodeRun,
): Promise<Plan> {
  const named = clips.map((clip) => ({ ...clip, name: describeSource(clip.source) }));
  const probed = await mapLimited(sources, probesAtOnce, async (source, index) => {
    const clip = named.findIndex((each) => each.source === source.source);
    return probeSource(source, urls[index] ?? '', run).catch((error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
      const place = nameClip(named[clip] ?? { name: source.object.name }, clip);
      throw new RefusedError(error.code, `${place}: ${error.message}`, { cause: error });
    });
  });
  const joined = named.map(({ source, name, from, to }) => {
    const index = sources.findIndex((each) => each.source === source);
    const media = probed[index];
    if (media === undefined) throw new TypeError(`Source ${index} was not probed.`);
    return { source: index, name, from, to, media };
  });
  const plan = joinClips(joined, await planRequest());
  // Each source is short enough, and all of them together may not be.
  refuseDuration(plan, run.settings.limits);
  return plan;
}

/** NVDEC is tried on the film itself: where it fails, the CPU decodes. */
async function planForGpu(
  plan: (gpuDecodes: boolean) => Plan,
  url: string,
  { tools, settings, log, signal }: TranscodeRun,
): Promise<Plan> {
  const wanted = plan(true);
  if (wanted.video?.path !== 'gpu') return wanted;
  const { stallSeconds } = settings.encoding;
  const problem = await tryGpuDecode(tools, url, wanted.video, { stallSeconds, signal });
  if (problem === undefined) return wanted;
  log.warn({ problem }, 'the GPU does not decode this film; the CPU does');
  const planned = plan(false);
  const warning = 'the GPU of this farm does not decode this film, so the CPU decoded it, which is slower';
  return { ...planned, warnings: [...planned.warnings, warning] };
}
