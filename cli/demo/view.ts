import type { JobState } from '../../worker/src/protocol/status.ts';

/** What the demo shows while it runs. */
export interface DemoView {
  /** Name of the film, and its size once it is known. */
  film: string;
  filmBytes?: number;
  step: 'clip' | 'job';
  /** Undefined until a worker has reported the job. */
  job?: JobState;
  /** The parts of the film that each worker has made. */
  workerParts: readonly (readonly number[])[];
  elapsedSeconds: number;
}

export const stages = ['waiting', 'probing', 'encoding', 'publishing'] as const;
export type StageName = (typeof stages)[number];

/** Where a job is; undefined when it is over. */
export function stageOf(job: JobState | undefined): StageName | undefined {
  if (!job || job.state === 'queued' || job.state === 'retrying') return 'waiting';
  if (job.state !== 'running') return undefined;
  return job.stage === 'files' ? 'publishing' : (job.stage ?? 'waiting');
}
