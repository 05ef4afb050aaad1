import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { chooseEncoder } from './encode/choose-encoder.ts';
import { encodingIdentity } from './encode/identity.ts';
import { type MediaTools, openMediaTools } from './ffmpeg/media-tool.ts';
import type { TranscodeRun } from './film/film.ts';
import { continueFilm, finishPublished, transcode } from './film/transcode.ts';
import { openWorkDir } from './film/work-dir.ts';
import { diskCheck, encoderCheck, storageCheck, untilStorageAnswers } from './health/checks.ts';
import { Health, type Sickness } from './health/health.ts';
import { startHeartbeat } from './heartbeat.ts';
import { SourceRemoval } from './job/remove-source.ts';
import { JobRunner, type MessageRun } from './job/run.ts';
import { Stops } from './job/stop.ts';
import { createLogger, type Logger } from './log.ts';
import type { VideoEncoder } from './plan/plan.ts';
import { JobFolder } from './protocol/job-folder.ts';
import { sendPartRequest } from './protocol/part-request.ts';
import { Consumer } from './queue/consumer.ts';
import { Protection } from './queue/protection.ts';
import { createQueue, type Queue } from './queue/queue.ts';
import type { QueueBinding } from './queue/queue-binding.ts';
import { sickWorkerLine } from './report/metrics.ts';
import { createReporter, type Reporter } from './report/reporter.ts';
import { openSinks } from './report/sinks.ts';
import { readStatusFile } from './report/status-file.ts';
import { runSelfTest } from './self-test/main.ts';
import { readSettings, type Settings, SettingsError } from './settings/settings.ts';
import { openAgents } from './storage/agents.ts';
import { renewExpiredCredentials } from './storage/renew-credentials.ts';
import { openStores, type Stores } from './storage/stores.ts';

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

/** From SIGTERM to the exit; ECS kills after 30 s by default, and Spot takes the machine in 120 s. */
const stopMs = 9500;

/** Prepares the machine, opens what a job needs, takes messages until a signal or until this worker is sick, and ends in order. */
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
  const machine = await prepareMachine(settings, log);
  const stores = openStores(settings);
  const protection = new Protection(settings.ecsAgentUri, log);
  const queues = openQueues(settings);
  const { reports } = queues;
  const sendReport = reports && ((body: string) => reports.send({ body }));
  const reporter = createReporter({ sinks: openSinks(settings, stores.output, sendReport, log) });
  const checkOfStorage = storageCheck(stores.output, settings.output.prefix);
  const health = new Health(
    [encoderCheck(machine.encoder, machine.tools), diskCheck(machine.workDir), checkOfStorage],
    log,
  );
  const runner = createRunner({ settings, machine, stores, queues, reporter, health, log });
  const consumer = new Consumer({
    lanes: lanesOf(queues, runner, settings),
    visibilityTimeoutSeconds: settings.queue.visibilityTimeoutSeconds,
    jobsAtOnce: settings.queue.jobsAtOnce,
    log,
    protection,
  });

  await Promise.race([untilStorageAnswers(checkOfStorage, log), stopSignal]);
  consumer.start();
  const { encoder, software } = machine;
  log.info(
    { encoder, software, queue: settings.queue.url, output: settings.output.bucket },
    'worker started',
  );

  const ending = await Promise.race([
    stopSignal.then((signal) => ({ signal, exitCode: exitCodes.stopped })),
    health.sick.then((sickness) => endOfSick(sickness, settings, log)),
  ]);
  log.info(ending, 'worker stopping');
  exitLate(log, ending.exitCode);
  await consumer.stop();
  await reporter.close(1500);
  protection.close();
  await rm(machine.workDir, { recursive: true, force: true });
  log.info('worker stopped');
  process.exit(ending.exitCode);
}

/** What this machine encodes with, and where. */
interface Machine {
  tools: MediaTools;
  encoder: VideoEncoder;
  /** See `encodingIdentity`. */
  software: string;
  workDir: string;
}

async function prepareMachine(settings: Settings, log: Logger): Promise<Machine> {
  const tools = openToolsOrExit(settings, log);
  if (tools.versionWarning !== undefined) log.warn({ ffmpeg: tools.version }, tools.versionWarning);
  const encoder = await chooseEncoder(settings, tools).catch((error: unknown) => {
    log.fatal({ err: error }, 'the encoder that was asked for cannot be used; no jobs are taken');
    process.exit(exitCodes.noEncoder);
  });
  const workDir = await openWorkDir(settings.workDir);
  startHeartbeat(settings.heartbeatFile, log);
  return { tools, encoder, software: encodingIdentity(encoder, tools), workDir };
}

interface Queues {
  jobs: Queue;
  /** Part requests; undefined where each film is one worker's. */
  parts: Queue | undefined;
  /** Reports for webhooks and a database; undefined where the farm has neither. */
  reports: Queue | undefined;
}

function openQueues({ region, queue, sharing, report }: Settings): Queues {
  const sqs = new SQSClient({
    region,
    endpoint: queue.endpoint,
    // Callers know what waiting costs, and try again themselves.
    maxAttempts: 1,
    // Longer than the longest poll, so that only a dead connection is given up.
    requestHandler: { connectionTimeout: 5000, socketTimeout: 30_000, ...openAgents() },
  });
  renewExpiredCredentials(sqs);
  // A part that can't be made fails its job, so the dead letters are those of the jobs.
  const openQueue = (url: string | undefined) =>
    url === undefined ? undefined : createQueue(sqs, { ...queue, url });
  return {
    jobs: createQueue(sqs, queue),
    parts: openQueue(sharing.partsQueueUrl),
    reports: openQueue(report.queueUrl),
  };
}

/**
 * The queues in the order in which they are served. Films that are begun come first, so that ten in line are ready one after
 * another. Where films are not shared, part requests come only from films that were begun under other settings.
 */
function lanesOf({ jobs, parts }: Queues, runner: JobRunner, { sharing }: Settings): QueueBinding[] {
  const jobLane: QueueBinding = { queue: jobs, handle: (...call) => runner.runJob(...call) };
  if (parts === undefined) return [jobLane];
  const partLane: QueueBinding = { queue: parts, handle: (...call) => runner.runPartRequest(...call) };
  return sharing.workersPerFilm > 1 ? [partLane, jobLane] : [jobLane, partLane];
}

interface Work {
  settings: Settings;
  machine: Machine;
  stores: Stores;
  queues: Queues;
  reporter: Reporter;
  health: Health;
  log: Logger;
}

/** Gives each message's work what this worker has. */
function createRunner({ settings, machine, stores, queues, reporter, health, log }: Work): JobRunner {
  const { output, storeFor } = stores;
  const { prefix } = settings.output;
  const { parts } = queues;
  const leaseSeconds = Math.max(2, settings.queue.visibilityTimeoutSeconds / 2);
  const stopLookSeconds = Math.min(5, leaseSeconds / 4);
  const readStatus = (jobId: string) => readStatusFile(output, prefix, jobId, log);
  const context = (run: MessageRun): TranscodeRun => ({
    ...run,
    ...machine,
    settings: { ...settings, workDir: machine.workDir },
    stores,
    leaseSeconds,
    readStatus,
    sendPartRequest: parts && ((request) => sendPartRequest(parts, request, run)),
  });
  return new JobRunner({
    settings,
    transcode: (job, run) => transcode(job, context(run)),
    continueFilm: (film, run) => continueFilm(film, context(run)),
    addFiles: (job, film, run) => finishPublished(job, film, context(run)),
    isShared: async (jobId, planId) =>
      (await output.head(new JobFolder(prefix, jobId).plan(planId).planFile)) !== undefined,
    isPublished: async (film) => (await output.head(film.playlist)) !== undefined,
    reporter,
    readStatus,
    leaseSeconds,
    stops: new Stops(output, prefix, stopLookSeconds, log),
    sourceRemoval: new SourceRemoval(settings, storeFor),
    health,
    log,
  });
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

/** `--self-test`: what this machine makes of each kind of film; takes no jobs. */
async function selfTestOnly(): Promise<void> {
  try {
    const say = (line: string) => void process.stdout.write(`${line}\n`);
    const { ok } = await runSelfTest(process.env, say, new AbortController().signal);
    process.exit(ok ? exitCodes.stopped : exitCodes.brokenMachine);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(error instanceof SettingsError ? exitCodes.badSettings : exitCodes.noEncoder);
  }
}

await (process.argv.includes('--self-test') ? selfTestOnly() : main());
