import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFilm } from './encode/film.ts';
import { createFilmProgress } from './encode/film-progress.ts';
import { judgeLength } from './encode/length.ts';
import { RefusedError } from './errors.ts';
import type { QueuedJob } from './job/job.ts';
import type { Stores } from './job/stores.ts';
import type { Logger } from './log.ts';
import type { MediaTools } from './media-tool.ts';
import { makePlan } from './plan/make-plan.ts';
import type { Plan, VideoEncoder } from './plan/plan.ts';
import { probe } from './probe/probe.ts';
import { assemble } from './publish/assemble.ts';
import { removeOlder, removeUnfinished } from './publish/clean-up.ts';
import { findFilm, requestHash } from './publish/film-record.ts';
import { planFolder } from './publish/keys.ts';
import { readRecords } from './publish/records.ts';
import type { JobReport } from './report/reporter.ts';
import type { Film } from './report/state.ts';
import type { Settings } from './settings.ts';
import { type SourceServer, serveSource } from './source/server.ts';
import { openSource } from './source/source.ts';
import type { ObjectInfo } from './storage/store.ts';

export interface TranscodeRun {
  settings: Settings;
  stores: Stores;
  tools: MediaTools;
  encoder: VideoEncoder;
  report: JobReport;
  log: Logger;
  signal: AbortSignal;
}

/**
 * The whole way of a film: probe → plan → encode ⇄ publish → commit. Safe to do twice, and by two workers at once:
 * everything is named by the plan, and the plan follows from the source's version and the settings.
 * @throws RefusedError when the film or the job will never work; anything else is trouble
 */
export async function transcode(
  job: QueuedJob,
  run: TranscodeRun,
): Promise<{ film: Film; alreadyDone: boolean }> {
  const { settings, stores, signal } = run;
  const { bucket, prefix } = settings.output;
  const source = openSource(job.source, {
    bucket: settings.source.bucket,
    storeFor: stores.storeFor,
    allowHttp: settings.allowHttpSources,
    allowPrivate: settings.report.allowPrivateWebhooks,
  });
  const info = await source.describe(signal);
  assertExpected(job, info);

  const wanted = wantedFilm(job, info, run);
  const done = await findFilm(stores.output, prefix, job.id, wanted.request, signal);
  if (done) return { film: done, alreadyDone: true };

  const workDir = await mkdtemp(join(settings.workDir, 'job-'));
  const { stallSeconds, patienceSeconds } = settings.storage;
  const server = await serveSource(source, info, { patienceSeconds, slowSeconds: stallSeconds / 2 });
  try {
    const plan = await planFilm(server, info, wanted, run);
    run.log.info({ plan: plan.id, parts: plan.parts.length, path: plan.video?.path, bucket }, 'planned');
    const place = { output: stores.output, outputPrefix: prefix, jobId: job.id, planId: plan.id };
    const tidy = (what: Promise<number>) =>
      what.catch((error: unknown) => run.log.warn({ err: error }, 'what is not needed could not be removed'));
    try {
      const film = await makeFilm(job, plan, { ...run, server, workDir, request: wanted.request });
      await tidy(removeOlder(place, signal));
      return { film, alreadyDone: false };
    } catch (error) {
      if (error instanceof RefusedError) await tidy(removeUnfinished(place, signal));
      throw error;
    }
  } catch (error) {
    // ffmpeg saw only a broken connection; the server knows why.
    if (server.failure !== undefined && !signal.aborted) throw server.failure;
    throw error;
  } finally {
    await server.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

/** A job made from a bucket event is for one version of the object; a newer one has a job of its own. */
function assertExpected({ expectedEtag, source }: QueuedJob, { etag }: ObjectInfo): void {
  if (expectedEtag === undefined || etag.replaceAll('"', '') === expectedEtag) return;
  throw new RefusedError(
    'source-replaced',
    `"${source}" was replaced since this job was queued; the newer version has a job of its own.`,
  );
}

type Wanted = ReturnType<typeof wantedFilm>;

/** What the film is to be: the farm's settings with the job's options laid over them. */
function wantedFilm(job: QueuedJob, info: ObjectInfo, { settings, encoder }: TranscodeRun) {
  const { ladder, include480p, segmentSeconds, segmentFormat, thumbnailAt, partSeconds } = settings.encoding;
  const options = job.options ?? {};
  const encoding = {
    ladder: options.ladder ?? ladder,
    include480p: options.include480p ?? include480p,
    segmentSeconds: options.segmentSeconds ?? segmentSeconds,
    segmentFormat,
    thumbnailAt: options.thumbnailAt ?? thumbnailAt,
    partSeconds,
  };
  const sourceVersion = info.versionId ?? info.etag;
  const forcedBy = options.force ? job.requestId : undefined;
  const hash = requestHash({ source: job.source, sourceVersion, encoding, encoder });
  return {
    encoding,
    encoder,
    sourceVersion,
    request: { hash, ...(forcedBy === undefined ? {} : { forcedBy }) },
  };
}

async function planFilm(
  server: SourceServer,
  info: ObjectInfo,
  wanted: Wanted,
  run: TranscodeRun,
): Promise<Plan> {
  const { settings, tools, report, signal } = run;
  const startedAt = performance.now();
  report.update({ stage: 'probing' });
  const limits = settings.limits;
  const media = await probe(tools, server.url, info.sizeBytes, limits, signal);
  const { request, ...rest } = wanted;
  const plan = makePlan(media, {
    ...rest,
    software: tools.version,
    ...(request.forcedBy === undefined ? {} : { forceRequestId: request.forcedBy }),
  });
  report.update({
    stage: 'encoding',
    warnings: plan.warnings,
    timings: { ...report.state().timings, probeSeconds: secondsSince(startedAt) },
  });
  return plan;
}

interface FilmRun extends TranscodeRun {
  server: SourceServer;
  workDir: string;
  request: Wanted['request'];
}

async function makeFilm(job: QueuedJob, plan: Plan, run: FilmRun): Promise<Film> {
  const { settings, stores, tools, report, signal, server, workDir } = run;
  const { output } = stores;
  const outputPrefix = settings.output.prefix;
  const folder = planFolder(outputPrefix, job.id, plan.id);
  const recorded = await readRecords(output, folder, plan, signal);
  if (recorded.length > 0)
    run.log.info({ parts: recorded.map(({ part }) => part) }, 'parts are done already');

  const startedAt = performance.now();
  let encodedAt = startedAt;
  const progress = createFilmProgress(plan, recorded, () => performance.now() / 1000);
  const records = await encodeFilm(
    {
      plan,
      tools,
      url: server.url,
      output,
      folder,
      workDir,
      stallSeconds: settings.encoding.stallSeconds,
      sourceStalledSeconds: () => server.stalledSeconds(),
      maxSeconds: settings.limits.durationSeconds,
      onProgress: (part, seen) => {
        progress.onProgress(part, seen);
        report.update({ progress: progress.now() });
      },
      onPublished: (bytes) => {
        progress.onPublished(bytes);
        report.update({ progress: progress.now() });
      },
      signal,
    },
    recorded,
    () => {
      encodedAt = performance.now();
      report.update({ stage: 'publishing', progress: progress.now() });
    },
  );
  const warnings = [
    ...plan.warnings,
    ...judgeLength(plan, records, settings.allowShortSources),
    ...records.flatMap((record) => record.warnings),
  ];
  report.update({ warnings });
  const assembly = { plan, records, output, outputPrefix, jobId: job.id, signal };
  const film = await assemble({ ...assembly, publicUrl: settings.output.publicUrl, request: run.request });
  const encodeSeconds = (encodedAt - startedAt) / 1000;
  const publishSeconds = secondsSince(encodedAt);
  const speed = film.durationSeconds / (encodeSeconds + publishSeconds);
  report.update({ timings: { ...report.state().timings, encodeSeconds, publishSeconds, speed } });
  return film;
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
