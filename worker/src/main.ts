import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { chooseEncoder } from './encode/choose-encoder.ts';
import { encodingIdentity } from './encode/identity.ts';
import { type MediaTools, openMediaTools } from './ffmpeg/media-tool.ts';
import type { TranscodeRun } from './film/film.ts';
import { makeFiles } from './film/make-files.ts';
import { continueFilm, transcode } from './film/transcode.ts';
import { openWorkDir } from './film/work-dir.ts';
import { diskCheck, encoderCheck, storageCheck, untilStorageAnswers } from './health/checks.ts';
import { Health, type Sickness } from './health/health.ts';
import { startHeartbeat } from './heartbeat.ts';
import { SourceRemoval } from './job/remove-source.ts';
import { JobRunner, type MessageRun } from './job/run.ts';
import { Stops } from './job/stop.ts';
import { createLogger, type Logger } from './log.ts';
import { JobFolder } from './protocol/job-folder.ts';
import { sendPartRequest } from './protocol/part-request.ts';
import { Consumer } from './queue/consumer.ts';
import { Protection } from './queue/protection.ts';
import { createQueue } from './queue/queue.ts';
import type { QueueBinding } from './queue/queue-binding.ts';
import { sickWorkerLine } from './report/metrics.ts';
import { createReporter } from './report/reporter.ts';
import { openSinks } from './report/sinks.ts';
import { readStatusFile } from './report/status-file.ts';
import { readSettings, type Settings, SettingsError } from './settings/settings.ts';
import { renewExpiredCredentials } from './storage/renew-credentials.ts';
import { openStores } from './storage/stores.ts';

/**
 * Exit codes, after sysexits.h. The waker replaces the GPU instance of a task that ends with `noEncoder` or `brokenMachine`
 * (infra/scaling/waker/broken.ts).
 */
const exitCodes = {
  stopped: 0,
  crashed: 1,
  noEncoder: 69,
  brokenMachine: 71,
  noStorage: 75,
  badSettings: 78,
};

/** The whole way from SIGTERM to the exit; ECS kills after 30 s by default, and Spot takes the machine in 120 s. */
const stopMs = 9500;

async function main(): Promise<void> {
  const settings = readSettingsOrExit();
  const log = createLogger(settings);
  // From the first moment: a signal while the worker starts ends it in order too.
  const stopSignal = nextSignal();
  process.on('uncaughtException', (error) => {
    // The message comes back when its visibility ends.
    log.fatal({ err: error }, 'a mistake in the worker; it ends');
    process.exit(exitCodes.crashed);
  });
  const tools = openToolsOrExit(settings, log);
  if (tools.versionWarning !== undefined) log.warn({ ffmpeg: tools.version }, tools.versionWarning);
  const encoder = await chooseEncoder(settings, tools).catch((error: unknown) => {
    log.fatal({ err: error }, 'the encoder that was asked for cannot be used; no jobs are taken');
    process.exit(exitCodes.noEncoder);
  });
  const software = encodingIdentity(encoder, tools);
  const workDir = await openWorkDir(settings.workDir);
  startHeartbeat(settings.heartbeatFile, log);

  const stores = openStores(settings);
  const { bucket: outputBucket, prefix } = settings.output;
  const reporter = createReporter({ sinks: await openSinks(settings, stores.output, log) });
  const protection = new Protection(settings.ecsAgentUri, log);
  const sqs = new SQSClient({
    region: settings.region,
    endpoint: settings.queue.endpoint,
    // Callers know what waiting costs, and try again themselves.
    maxAttempts: 1,
    // Longer than the longest poll, so that only a dead connection is given up.
    requestHandler: { connectionTimeout: 5000, socketTimeout: 30_000 },
  });
  renewExpiredCredentials(sqs);
  const { visibilityTimeoutSeconds } = settings.queue;
  const { partsQueueUrl } = settings.sharing;
  const jobs = createQueue(sqs, settings.queue);
  // What can't be made fails its job, whose dead letters are those of the jobs.
  const parts =
    partsQueueUrl === undefined ? undefined : createQueue(sqs, { ...settings.queue, url: partsQueueUrl });
  const leaseSeconds = Math.max(2, visibilityTimeoutSeconds / 2);
  const stopLookSeconds = Math.min(5, leaseSeconds / 4);
  const readStatus = (jobId: string) => readStatusFile(stores.output, prefix, jobId, log);
  const context = (run: MessageRun): TranscodeRun => ({
    ...run,
    settings: { ...settings, workDir },
    stores,
    tools,
    encoder,
    software,
    leaseSeconds,
    readStatus,
    sendPartRequest: parts && ((request) => sendPartRequest(parts, request, run)),
  });
  const checkOfStorage = storageCheck(stores.output, prefix);
  const health = new Health([encoderCheck(encoder, tools), diskCheck(workDir), checkOfStorage], log);
  const runner = new JobRunner({
    settings,
    transcode: (job, run) => transcode(job, context(run)),
    addFiles: (job, film, run) => makeFiles(job, film, context(run)),
    continueFilm: (film, run) => continueFilm(film, context(run)),
    isShared: (jobId, planId) =>
      stores.output
        .head(new JobFolder(prefix, jobId).plan(planId).planFile)
        .then((found) => found !== undefined),
    isPublished: async (film) => (await stores.output.head(film.playlist)) !== undefined,
    reporter,
    readStatus,
    leaseSeconds,
    stops: new Stops(stores.output, prefix, stopLookSeconds, log),
    sourceRemoval: new SourceRemoval(settings, stores.storeFor),
    health,
    log,
  });
  const jobBinding: QueueBinding = { queue: jobs, handle: (...call) => runner.runJob(...call) };
  const partBindings: QueueBinding[] =
    parts === undefined ? [] : [{ queue: parts, handle: (...call) => runner.runPartRequest(...call) }];
  const isShared = settings.sharing.workersPerFilm > 1;
  const consumer = new Consumer({
    // Films that are begun come first, so that ten in line are ready one after another. Where films are not shared, part
    // requests come only from films that were begun under other settings.
    lanes: isShared ? [...partBindings, jobBinding] : [jobBinding, ...partBindings],
    visibilityTimeoutSeconds,
    jobsAtOnce: settings.queue.jobsAtOnce,
    log,
    protection,
  });

  await Promise.race([untilStorageAnswers(checkOfStorage, log), stopSignal]);
  consumer.start();
  log.info({ encoder, software, queue: settings.queue.url, output: outputBucket }, 'worker started');

  const ending = await Promise.race([
    stopSignal.then((signal) => ({ signal, exitCode: exitCodes.stopped })),
    health.sick.then((sickness) => endOfSick(sickness, settings, log)),
  ]);
  log.info(ending, 'worker stopping');
  exitLate(log, ending.exitCode);
  await consumer.stop();
  await reporter.close(1500);
  protection.close();
  await rm(workDir, { recursive: true, force: true });
  log.info('worker stopped');
  process.exit(ending.exitCode);
}

/** A sick worker ends, so that ECS starts another: where the machine is broken, on another machine. */
function endOfSick(sickness: Sickness, { report }: Settings, log: Logger) {
  log.fatal(sickness, `this worker is sick (${sickness.of}): it takes no more jobs and ends`);
  const { metricsNamespace } = report;
  if (metricsNamespace !== undefined)
    process.stdout.write(`${JSON.stringify(sickWorkerLine(metricsNamespace, sickness, new Date()))}\n`);
  return { sickness, exitCode: sickness.of === 'storage' ? exitCodes.noStorage : exitCodes.brokenMachine };
}

function readSettingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(exitCodes.badSettings);
  }
}

function openToolsOrExit({ ffmpegPath, ffprobePath, limits, workDir }: Settings, log: Logger): MediaTools {
  try {
    return openMediaTools({
      ffmpegPath,
      ffprobePath,
      maxPixels: limits.pixels,
      maxStreams: limits.streams,
      // Beside the work folder: it outlives this worker, and the next one on the machine starts with it.
      cudaCachePath: join(dirname(workDir), 'cuda-cache'),
    });
  } catch (error) {
    // No broken machine: another one of the same image has the same ffmpeg.
    log.fatal({ err: error }, 'this ffmpeg cannot be used; no jobs are taken');
    process.exit(exitCodes.badSettings);
  }
}

/** Later signals change nothing: the stop is under way. */
function nextSignal(): Promise<NodeJS.Signals> {
  // All else may be waiting on timers and signals that do not keep the process, and Node would end it then.
  setInterval(() => {}, 60_000);
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
  });
}

function exitLate(log: Logger, exitCode: number): void {
  setTimeout(() => {
    log.error('the stop took too long; whatever is left comes back after its visibility timeout');
    process.exit(exitCode);
  }, stopMs);
}

await main();
