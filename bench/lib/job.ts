import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { findJob, followJob } from '../../cli/demo/follow.ts';
import { type LocalFarm, startLocalFarm } from '../../cli/local-farm/farm.ts';
import { startWorker, type WorkerProcess } from '../../cli/local-farm/worker.ts';
import type { JobState } from '../../worker/src/report/state.ts';
import type { WorkerEnvironment } from '../../worker/src/settings.ts';
import { measureChildren } from './cpu.ts';

export interface JobRun {
  state: JobState;
  /** From the worker's taking the job to its end. */
  jobSeconds: number;
  /** Of the worker and all that it started, its own start included. */
  cpuSeconds: number;
}

export interface JobOptions {
  film: string;
  /** Runs when the farm stands and before its worker does. */
  prepare?: (farm: LocalFarm) => Promise<void>;
  environment?: (farm: LocalFarm) => Partial<WorkerEnvironment>;
  /** Runs beside the job. */
  watch?: (farm: LocalFarm, worker: WorkerProcess) => Promise<() => void> | (() => void);
}

/** One film through a real worker process on a local farm. */
export async function runJob({ film, prepare, environment, watch }: JobOptions): Promise<JobRun> {
  const farm = await startLocalFarm();
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
    await prepare?.(farm);
    const { result: state, cpuSeconds } = await measureChildren(async () => {
      const settings = { ...farm.environment, ENCODER: 'x264', ...environment?.(farm) } as WorkerEnvironment;
      const worker = startWorker(settings);
      const unwatch = await watch?.(farm, worker);
      const ended = await jobEnd(farm);
      unwatch?.();
      await worker.stop();
      return ended;
    });
    if (state.state !== 'succeeded') throw new Error(`The job ${state.state}: ${state.error?.message}`);
    const { startedAt = '', finishedAt = '' } = state;
    return { state, cpuSeconds, jobSeconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 };
  } finally {
    await farm.close();
  }
}

async function jobEnd(farm: LocalFarm): Promise<JobState> {
  const signal = AbortSignal.timeout(30 * 60 * 1000);
  const jobId = await findJob(farm.s3, farm.outputBucket, signal);
  let last: JobState | undefined;
  if (jobId) for await (const state of followJob(farm.s3, farm.outputBucket, jobId, signal)) last = state;
  if (!last) throw new Error('No job was seen.');
  return last;
}
