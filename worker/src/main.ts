import { rm } from 'node:fs/promises';
import { chooseEncoder } from './encode/choose-encoder.ts';
import type { MediaTools } from './ffmpeg/media-tool.ts';
import { untilStorageAnswers } from './health/checks.ts';
import type { Sickness } from './health/health.ts';
import { startHeartbeat } from './heartbeat.ts';
import { bindLanes } from './job/lane-bindings.ts';
import { createLogger, type Logger } from './log.ts';
import { type Machine, openMachine, openQueues, openTools, openWorker } from './open-worker.ts';
import { Consumer } from './queue/consumer.ts';
import { Protection } from './queue/protection.ts';
import { sickWorkerLine } from './report/metrics.ts';
import { runSelfTest } from './self-test/main.ts';
import { readSettings, type Settings, SettingsError } from './settings/settings.ts';

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
  const protection = new Protection(settings.ecsAgentUri, log);
  const queues = openQueues(settings);
  const hasHigher = Object.keys(queues.lanes).length > 1;
  const { runner, reporter, health, storage } = openWorker({
    settings,
    machine,
    queues,
    partsOf: (lane) => queues.lanes[lane]?.parts,
    ...(hasHigher && { serveAbove: (lane) => consumer.serveAbove(lane) }),
    log,
  });
  const { visibilityTimeoutSeconds, jobsAtOnce } = settings.queue;
  const consumer: Consumer = new Consumer({
    lanes: bindLanes(queues.lanes, runner, {
      isShared: settings.sharing.workersPerFilm + settings.sharing.functionsPerFilm > 1,
    }),
    visibilityTimeoutSeconds,
    jobsAtOnce: jobsAtOnce === 'auto' ? machine.size : jobsAtOnce,
    log,
    protection,
  });

  const isReady = await Promise.race([
    untilStorageAnswers(storage, log).then(() => true),
    stopSignal.then(() => false),
  ]);
  if (isReady) consumer.start();
  const { encoder, software, size } = machine;
  log.info(
    { encoder, software, size, queue: settings.queue.url, output: settings.output.bucket },
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

async function prepareMachine(settings: Settings, log: Logger): Promise<Machine> {
  const tools = openToolsOrExit(settings, log);
  if (tools.versionWarning !== undefined) log.warn({ ffmpeg: tools.version }, tools.versionWarning);
  const encoder = await chooseEncoder(settings, tools).catch((error: unknown) => {
    log.fatal({ err: error }, 'the encoder that was asked for cannot be used; no jobs are taken');
    process.exit(exitCodes.noEncoder);
  });
  startHeartbeat(settings.heartbeatFile, log);
  return openMachine(settings, tools, encoder);
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

function openToolsOrExit(settings: Settings, log: Logger): MediaTools {
  try {
    return openTools(settings);
  } catch (error) {
    // No broken machine: another one of the same image has the same ffmpeg.
    log.fatal({ err: error }, 'this ffmpeg cannot be used; no jobs are taken');
    process.exit(exitCodes.badSettings);
  }
}

/** Later signals change nothing: the stop is under way. */
function nextSignal(): Promise<NodeJS.Signals> {
  // Keeps Node alive: the other timers do not.
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
