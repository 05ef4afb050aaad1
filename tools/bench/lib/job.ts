import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { followJob } from '../../../cli/follow.ts';
import { localCredentials } from '../../../cli/local-farm/emulator.ts';
import { type LocalFarm, startLocalFarm } from '../../../cli/local-farm/farm.ts';
import { startWorker, type WorkerProcess } from '../../../cli/local-farm/worker.ts';
import type { Job } from '../../../worker/src/protocol/job.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { keepTo } from './cores.ts';
import { type CpuTime, cpuOf, measureChildren } from './cpu.ts';

export interface JobRun {
  state: JobState;
  /** From the worker's taking the job to its end. */
  jobSeconds: number;
  /** Of all workers and all that they started, their own start included. */
  cpuSeconds: number;
  /** Where that went: the workers themselves, and their ffmpegs. */
  workerCpu: CpuTime;
  /** Of this process, which plays queue, storage and network. */
  farmCpuSeconds: number;
}

type Unwatch = () => Promise<void> | void;

export interface JobOptions {
  film: string;
  /** Stretches of the film, in seconds, that are joined; without them it is the whole film. */
  clips?: readonly { from: number; to: number }[];
  /** Runs when the job waits, and before there is a worker. */
  prepare?: (farm: LocalFarm) => Promise<void>;
  environment?: (farm: LocalFarm) => Partial<WorkerEnvironment>;
  /** @default 1 */
  workers?: number;
  /** A worker for each: the cores that it and its ffmpegs are kept to, such as `0` or `0-3`. Linux only. */
  cores?: readonly string[];
  visibilityTimeoutSeconds?: number | undefined;
  /** Runs beside the job. */
  watch?: (farm: LocalFarm, workers: readonly WorkerProcess[]) => Promise<Unwatch> | Unwatch;
}

/** One film through real worker processes on a local farm. */
export async function runJob(options: JobOptions): Promise<JobRun> {
  const { film, clips, prepare, environment, cores, workers: count = 1, watch } = options;
  const farm = await startLocalFarm(
    options.visibilityTimeoutSeconds === undefined
      ? {}
      : { visibilityTimeoutSeconds: options.visibilityTimeoutSeconds },
  );
  try {
    const { size } = await stat(film);
    await farm.s3.send(
      new PutObjectCommand({
        Bucket: farm.sourceBucket,
        Key: basename(film),
        Body: createReadStream(film),
        ContentLength: size,
      }),
    );
    const source = basename(film);
    await sendJob(
      farm,
      clips === undefined ? { source } : { sources: clips.map((clip) => ({ source, ...clip })) },
    );
    await prepare?.(farm);
    const farmBefore = cpuOf('self').ownSeconds;
    const { result, cpuSeconds } = await measureChildren(async () => {
      const settings = {
        ...farm.environment,
        ENCODER: 'x264',
        // Its upload is to make no job.
        SOURCE_SUFFIXES: '.none',
        ...environment?.(farm),
      } as WorkerEnvironment;
      const workers = (cores ?? Array.from({ length: count }, () => undefined)).map((kept) => {
        const worker = startWorker(settings);
        // Soon enough: what it starts later is kept there too.
        if (kept !== undefined) keepTo(kept, worker.pid);
        return worker;
      });
      const unwatch = await watch?.(farm, workers);
      const state = await jobEnd(farm);
      await unwatch?.();
      const workerCpu = sum(workers.map(({ pid }) => cpuOfLiving(pid)));
      await Promise.all(workers.map((worker) => worker.stop()));
      return { state, workerCpu };
    });
    const { state, workerCpu } = result;
    const farmCpuSeconds = cpuOf('self').ownSeconds - farmBefore;
    if (state.state !== 'succeeded') throw new Error(`The job ${state.state}: ${state.error?.message}`);
    const { startedAt = '', finishedAt = '' } = state;
    const jobSeconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
    return { state, cpuSeconds, workerCpu, farmCpuSeconds, jobSeconds };
  } finally {
    await farm.close();
  }
}

/** Of the one job of a farm. */
export const benchJobId = 'bench';

async function sendJob({ environment }: LocalFarm, of: Pick<Job, 'source' | 'sources'>): Promise<void> {
  const { QUEUE_URL, SQS_ENDPOINT, AWS_REGION } = environment;
  const sqs = new SQSClient({ endpoint: SQS_ENDPOINT, region: AWS_REGION, credentials: localCredentials });
  const MessageBody = JSON.stringify({ id: benchJobId, ...of });
  await sqs.send(new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody }));
  sqs.destroy();
}

/** A worker that was killed on the way has none. */
function cpuOfLiving(pid: number): CpuTime {
  try {
    return cpuOf(pid);
  } catch {
    return { ownSeconds: 0, childrenSeconds: 0 };
  }
}

function sum(times: readonly CpuTime[]): CpuTime {
  const total = (name: keyof CpuTime) => times.reduce((seconds, time) => seconds + time[name], 0);
  return { ownSeconds: total('ownSeconds'), childrenSeconds: total('childrenSeconds') };
}

/** Where the CPU time of a job went, in a line. */
export function describeCpu({ workerCpu, farmCpuSeconds }: JobRun): string {
  const { ownSeconds, childrenSeconds } = workerCpu;
  return (
    `CPU: ffmpeg ${childrenSeconds.toFixed(1)} s, worker ${ownSeconds.toFixed(1)} s, ` +
    `emulated queue and storage ${farmCpuSeconds.toFixed(1)} s`
  );
}

async function jobEnd(farm: LocalFarm): Promise<JobState> {
  const signal = AbortSignal.timeout(30 * 60 * 1000);
  let last: JobState | undefined;
  // Seldom: it shares the cores with what is measured.
  for await (const state of followJob(farm.s3, farm.outputBucket, benchJobId, signal, 1000)) last = state;
  if (!last) throw new Error('No job was seen.');
  return last;
}
