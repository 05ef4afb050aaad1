import { join } from 'node:path';
import type { JobState } from '../../worker/src/protocol/status.ts';
import type { DemoView } from './view.ts';

/** What `--json` prints. `null` where it is unknown. */
export interface DemoResult {
  jobId: string | null;
  state: JobState['state'];
  error: { code: string; message: string } | null;
  timings: JobState['timings'] | null;
  renditions: NonNullable<JobState['film']>['renditions'];
  warnings: string[];
  /** The parts of the film that each worker has made, by their numbers. The audio is a part, the last one. */
  workers: { parts: readonly number[] }[];
  /** Files under `dir` when the film was left there, else keys in the output bucket, which ends with the demo. */
  paths: {
    dir: string | null;
    playlist: string | null;
    manifest: string | null;
    status: string | null;
    poster: string | null;
    storyboard: string | null;
  };
}

/** @param dir where the published files were left, absolute */
export function demoResult(
  job: JobState,
  workerParts: DemoView['workerParts'],
  dir: string | undefined,
): DemoResult {
  const place = (key: string | undefined) =>
    key === undefined ? null : dir === undefined ? key : join(dir, key);
  return {
    jobId: job.id,
    state: job.state,
    error: job.error ?? null,
    timings: job.timings,
    renditions: job.film?.renditions ?? [],
    warnings: job.warnings,
    workers: workerParts.map((parts) => ({ parts })),
    paths: {
      dir: dir === undefined ? null : join(dir, job.id),
      playlist: place(job.film?.playlist),
      manifest: place(job.film?.manifest),
      status: place(`${job.id}/status.json`),
      poster: place(job.film?.poster),
      storyboard: place(job.film?.storyboard),
    },
  };
}

/** The same for what ended before there was a job. */
export function noResult(code: string, message: string): DemoResult {
  return {
    jobId: null,
    state: 'failed',
    error: { code, message },
    timings: null,
    renditions: [],
    warnings: [],
    workers: [],
    paths: { dir: null, playlist: null, manifest: null, status: null, poster: null, storyboard: null },
  };
}
