import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { encodingIdentity } from './encode/identity.ts';
import { type MediaTools, openMediaTools } from './ffmpeg/media-tool.ts';
import type { TranscodeRun } from './film/film.ts';
import { openMeasuring } from './film/quality/measuring.ts';
import { Breaks } from './film/session/breaks.ts';
import type { Invocation } from './film/session/invocation.ts';
import { continueFilm, finishPublished, transcode } from './film/transcode.ts';
import { openWorkDir } from './film/work-dir.ts';
import { diskCheck, encoderCheck, storageCheck } from './health/checks.ts';
import { Health } from './health/health.ts';
import type { LaneQueues } from './job/lane-bindings.ts';
import { SourceRemoval } from './job/remove-source.ts';
import { JobRunner, type MessageRun } from './job/run.ts';
import { Stops } from './job/stop.ts';
import type { Logger } from './log.ts';
import type { MachineSize } from './plan/load.ts';
import type { VideoEncoder } from './plan/plan.ts';
import { JobFolder } from './protocol/job-folder.ts';
import type { Lane } from './protocol/lanes.ts';
import { type PartRequest, sendPartRequest } from './protocol/part-request.ts';
import type { NewMessage } from './protocol/queue-message.ts';
import { createQueue, type Queue } from './queue/queue.ts';
import { createReporter, type Reporter } from './report/reporter.ts';
import { openSinks } from './report/sinks.ts';
import { readStatusFile } from './report/status-file.ts';
import type { Settings } from './settings/settings.ts';
import { openAgents } from './storage/agents.ts';
import { renewExpiredCredentials } from './storage/renew-credentials.ts';
import { openStores, type Stores } from './storage/stores.ts';

/*
 * What a worker is made of, whether it is a task of ECS that takes messages (main.ts) or a function that is called with one
 * (function.ts).
 */

/** What this machine encodes with, and where. */
export interface Machine {
  tools: MediaTools;
  encoder: VideoEncoder;
  /** See `encodingIdentity`. */
  software: string;
  size: MachineSize;
  workDir: string;
  measuring: TranscodeRun['measuring'];
}

/** @throws when ffmpeg or ffprobe can't be used */
export function openTools({ ffmpegPath, ffprobePath, limits, workDir }: Settings): MediaTools {
  return openMediaTools({
    ffmpegPath,
    ffprobePath,
    maxPixels: limits.pixels,
    maxStreams: limits.streams,
    // Beside the work folder: it outlives this worker, and the next one on the machine starts with it.
    cudaCachePath: join(dirname(workDir), 'cuda-cache'),
  });
}

export async function openMachine(
  settings: Settings,
  tools: MediaTools,
  encoder: VideoEncoder,
): Promise<Machine> {
  return {
    tools,
    encoder,
    software: encodingIdentity(encoder, tools),
    size: machineSize(),
    workDir: await openWorkDir(settings.workDir),
    measuring: openMeasuring(settings, tools),
  };
}

/** In a container, what that may use. */
function machineSize(): MachineSize {
  // Without a limit this is 0, or more than there is.
  const limitBytes = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return { cores: availableParallelism(), memoryMb: Math.min(limitBytes, totalmem()) / 1_000_000 };
}

export interface Queues {
  /** By lane: `normal`, and those that this farm has beside it. */
  lanes: Partial<Record<Lane, LaneQueues>> & Record<'normal', LaneQueues>;
  /** Reports for webhooks and a database; undefined where the farm has neither. */
  reports: Queue | undefined;
}

export function openQueues({ region, queue, sharing, lanes, door, report }: Settings): Queues {
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
  const doorUrls: Partial<Record<Lane, string>> = door?.queueUrls ?? {};
  const openLane = (lane: Lane, url: string, partsUrl: string | undefined): LaneQueues => ({
    jobs: createQueue(sqs, { ...queue, url }),
    parts: openQueue(partsUrl),
    door: openQueue(doorUrls[lane]),
  });
  const extra = Object.entries(lanes).map(([lane, { queueUrl, partsQueueUrl }]) => [
    lane,
    openLane(lane as Lane, queueUrl, partsQueueUrl),
  ]);
  return {
    lanes: { normal: openLane('normal', queue.url, sharing.partsQueueUrl), ...Object.fromEntries(extra) },
    reports: openQueue(report.queueUrl),
  };
}

export interface WorkerParts {
  settings: Settings;
  machine: Machine;
  queues: Queues;
  /** Takes part requests of films of a lane; undefined where each film is one worker's. */
  partsOf: (lane: Lane) => { send(message: NewMessage): Promise<void> } | undefined;
  /** Serves what waits in the lanes above one, while a film of it pauses; undefined where nothing is ever above. */
  serveAbove?: (lane: Lane) => Promise<void>;
  /** Of a function: the present invocation. */
  invocation?: () => Invocation;
  /** Of a function before the jobs queue: starts workers. */
  wake?: (workers: number) => Promise<void>;
  log: Logger;
}

/** A worker that is ready to be given messages. */
export interface Worker {
  runner: JobRunner;
  reporter: Reporter;
  health: Health;
  storage: ReturnType<typeof storageCheck>;
}

export function openWorker(given: WorkerParts): Worker {
  const { settings, machine, queues, log } = given;
  const stores = openStores(settings);
  const { reports } = queues;
  const sendReport = reports && ((body: string) => reports.send({ body }));
  const reporter = createReporter({ sinks: openSinks(settings, stores.output, sendReport, log) });
  const storage = storageCheck(stores.output, settings.output.prefix);
  const health = new Health(
    [encoderCheck(machine.encoder, machine.tools), diskCheck(machine.workDir), storage],
    log,
  );
  return { runner: createRunner({ ...given, stores, reporter, health }), reporter, health, storage };
}

/** Gives each message's work what this worker has. */
function createRunner(
  given: WorkerParts & { stores: Stores; reporter: Reporter; health: Health },
): JobRunner {
  const { settings, machine, stores, partsOf, serveAbove, reporter, health, log } = given;
  const { output, storeFor } = stores;
  const { prefix } = settings.output;
  const { leaseSeconds } = settings.sharing;
  const stopLookSeconds = Math.min(5, leaseSeconds / 4);
  const readStatus = (jobId: string) => readStatusFile(output, prefix, jobId, log);
  const context = (run: MessageRun): TranscodeRun => {
    const parts = partsOf(run.lane);
    return {
      ...run,
      ...machine,
      settings: { ...settings, workDir: machine.workDir },
      stores,
      leaseSeconds,
      readStatus,
      sendPartRequest: parts && ((request) => sendPartRequest(parts, request, run)),
      ...atDoor(given, run),
      invocation: given.invocation?.(),
      breaks: serveAbove && new Breaks(() => serveAbove(run.lane), run.signal),
    };
  };
  return new JobRunner({
    settings,
    transcode: (job, run) => transcode(job, context(run)),
    continueFilm: (film, run) => continueFilm(film, context(run)),
    finishPublished: (job, film, run) => finishPublished(job, film, context(run)),
    isShared: async (jobId, planId) =>
      (await output.head(new JobFolder(prefix, jobId).plan(planId).planFile)) !== undefined,
    isPublished: async ({ playlist, files = [] }) => {
      const key = playlist ?? files[0]?.key;
      return key !== undefined && (await output.head(key)) !== undefined;
    },
    reporter,
    readStatus,
    leaseSeconds,
    stops: new Stops(output, prefix, stopLookSeconds, log),
    sourceRemoval: new SourceRemoval(settings, storeFor),
    health,
    log,
  });
}

/** What a function before the jobs queue works with beside. */
function atDoor(
  { settings, queues, wake = async () => {} }: WorkerParts,
  run: MessageRun,
): Pick<TranscodeRun, 'door' | 'width'> {
  const { door, sharing, functionLimits } = settings;
  if (door === undefined || functionLimits === undefined) return {};
  const { functionsPerFilm, workersPerFilm } = sharing;
  const rules = { ...door, ...functionLimits, functions: functionsPerFilm, workersPerFilm };
  const { parts } = queues.lanes[run.lane] ?? queues.lanes.normal;
  const askWorker = async (request: PartRequest) => {
    if (parts !== undefined) await sendPartRequest(parts, request, run);
  };
  return { width: 1 + functionsPerFilm, door: { rules, askWorker, wake } };
}
