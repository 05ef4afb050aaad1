import type { FilmOutcome, FilmToJoin } from '../../../worker/src/film/film.ts';
import { SourceRemoval } from '../../../worker/src/job/remove-source.ts';
import { JobRunner, type MessageRun } from '../../../worker/src/job/run.ts';
import { readStop, Stops, writeStop } from '../../../worker/src/job/stop.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import type { Stop } from '../../../worker/src/protocol/stop.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import type { Sink } from '../../../worker/src/report/sink.ts';
import { createStatusFiles, readStatusFile } from '../../../worker/src/report/status-file.ts';
import { openStores } from '../../../worker/src/storage/stores.ts';
import { running } from '../reports/job-states.ts';
import { recordingLogger } from './queue.ts';
import { testSettings } from './settings.ts';
import { startStorage } from './storage.ts';

export const plan = 'aaaaaaaaaaaa';
export const job = { id: 'a', source: 'a.mp4', title: 'A' };
export const jobAsSent = JSON.stringify(job);
export const never = new AbortController().signal;
export const headers = { contentType: 'application/json', cacheControl: 'no-cache' };
export const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
export const sentAt = ago(5);
/** The job as the worker that began it reports it. */
export const begun: JobState = { ...running('a'), plan, queuedAt: sentAt.toISOString() };

/** Longer than a part request waits that finds enough workers on the film, at the least. */
const leaseSeconds = 4.2;

export type Work = (signal: AbortSignal, run: MessageRun) => Promise<FilmOutcome>;

interface WorkerOptions {
  /** On the film. @default leaves it to others */
  work?: Work;
  /** Of this worker's own health. @default finds nothing wrong */
  examine?: () => Promise<undefined>;
  /** @default false */
  isPublished?: boolean;
  /** Between two looks for a stop. @default 0.2 */
  lookSeconds?: number;
  /** @default the worker's own */
  peerReportSeconds?: number;
}

/** A worker of a farm whose films are made by up to three, with real storage; only the work on the film is the test's own. */
export async function openWorker({
  work = async () => ({ kind: 'leftToPeers' }),
  examine = async () => undefined,
  isPublished = false,
  lookSeconds = 0.2,
  peerReportSeconds,
}: WorkerOptions = {}) {
  const storage = await startStorage();
  const plain = testSettings({
    RETRY_DELAY_SECONDS: '10',
    WORKERS_PER_FILM: '3',
    PARTS_QUEUE_URL: 'https://sqs.example/parts',
  });
  const settings = {
    ...plain,
    source: { ...plain.source, ...storage.bucket('films-in') },
    output: { ...plain.output, ...storage.bucket('films-out') },
  };
  const stores = openStores(settings);
  const { output } = stores;
  const { log } = recordingLogger();
  const reported: string[] = [];
  const asked: (FilmToJoin | 'transcode' | 'files')[] = [];
  /** Whether the job was stopped when its end was reported. */
  const stoppedByThen: Promise<boolean>[] = [];
  const watcher: Sink = {
    transition: ({ state }) => {
      reported.push(state);
      if (state === 'failed')
        stoppedByThen.push(output.head(new JobFolder('', 'a').stop).then((found) => found !== undefined));
    },
    confirmEnd: ({ state }, { requestId }) => reported.push(`${state} of ${requestId} again`),
  };
  const runner = new JobRunner({
    settings,
    transcode: (_, run) => {
      asked.push('transcode');
      return work(run.signal, run);
    },
    continueFilm: (film, run) => {
      asked.push(film);
      return work(run.signal, run);
    },
    isShared: async (_, planId) => planId === plan,
    reporter: createReporter({ sinks: [createStatusFiles(output, '', log), watcher] }),
    readStatus: (jobId) => readStatusFile(output, '', jobId, log),
    leaseSeconds,
    peerReportSeconds,
    stops: new Stops(output, '', lookSeconds, log),
    finishPublished: async (_job, film) => {
      asked.push('files');
      return { kind: 'published', film };
    },
    isPublished: async () => isPublished,
    sourceRemoval: new SourceRemoval(settings, stores.storeFor),
    health: { examine },
    log,
    random: () => 0,
  });
  return {
    runJob: (...call: Parameters<JobRunner['runJob']>) => runner.runJob(...call),
    runPartRequest: (...call: Parameters<JobRunner['runPartRequest']>) => runner.runPartRequest(...call),
    reported,
    asked,
    stoppedByThen,
    output,
    status: () => readStatusFile(output, '', 'a', log),
    /** Another worker reports a state. */
    report: (state: JobState) => output.put(new JobFolder('', 'a').status, JSON.stringify(state), headers),
    stop: (stop: Stop) => writeStop(output, '', 'a', stop, never),
    readStop: () => readStop(output, '', 'a', ago(3600), never),
    async [Symbol.asyncDispose]() {
      stores.close();
      await storage[Symbol.asyncDispose]();
    },
  };
}

export function message(body: unknown, more: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return {
    id: 'm-1',
    body: JSON.stringify(body),
    receiptHandle: 'receipt',
    receiveCount: 1,
    sentAt,
    attributes: {},
    ...more,
  };
}

/** Of the job's parts, from the second one on. */
export const partRequest = (more: Partial<ReceivedMessage> = {}) =>
  message({ job, requestId: 'r', plan, firstPart: 1 }, more);

export const fails =
  (error: Error): Work =>
  async () => {
    throw error;
  };

/** Works until it is stopped. */
export const untilStopped: Work = async (signal) => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throw new Error('ffmpeg was killed');
};

/** A stop for trouble. */
export const broken = (): Stop => ({
  code: 'trouble',
  message: 'Part 3 can’t be made.',
  at: ago(0).toISOString(),
  keepParts: true,
});
