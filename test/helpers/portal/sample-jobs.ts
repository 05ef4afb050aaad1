import { PutObjectCommand } from '@aws-sdk/client-s3';
import { JobIndex } from '../../../worker/src/protocol/job-index.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import type { TestFarm } from '../local-farm/local-farm.ts';
import { film } from '../reports/job-states.ts';

/** Writes a job's status and its entry in the index, as a worker does. */
export async function putJob({ s3, outputBucket: Bucket }: TestFarm, job: JobState): Promise<void> {
  const entry = new JobIndex('').key(job.id, new Date(job.queuedAt));
  await s3.send(new PutObjectCommand({ Bucket, Key: entry, Body: '', ContentLength: 0 }));
  await s3.send(new PutObjectCommand({ Bucket, Key: `${job.id}/status.json`, Body: JSON.stringify(job) }));
}

const minute = 60_000;

/** A job in each state, the newest first. */
export function jobsInEachState(now = Date.now()): JobState[] {
  const job = (id: string, title: string, minutesAgo: number, more: Partial<JobState>): JobState => {
    const queuedAt = new Date(now - minutesAgo * minute).toISOString();
    const basis = { id, title, source: `s3://films/${id}.mov`, attempt: 1, maxAttempts: 3 };
    return { ...basis, state: 'queued', warnings: [], timings: {}, queuedAt, updatedAt: queuedAt, ...more };
  };
  const progress = {
    ...{ percent: 42.7, framesPerSecond: 311, speed: 10.4, etaSeconds: 154 },
    ...{ publishedBytes: 812_345_678, publishedSegments: 1240, renditions: ['1080p', '720p', '540p'] },
  };
  return [
    job('waiting', 'Interview with the lighthouse keeper.mov', 1, {}),
    job('running', 'Autumn in the Engadin — director’s cut.mxf', 4, {
      ...{ state: 'running', stage: 'encoding', progress, timings: { waitSeconds: 3.1, probeSeconds: 0.8 } },
    }),
    job('retrying', 'match-2026-11-28-camera-3.mp4', 9, {
      ...{ state: 'retrying', attempt: 2 },
      error: { code: 'storage', message: 'The storage did not answer for 150 s.' },
    }),
    job('failed', 'holiday notes.mp4', 70, {
      state: 'failed',
      error: { code: 'not-media', message: 'The file is not a film or sound that ffmpeg can read.' },
    }),
    job('ready', 'Harbour at dawn.mov', 60 * 26, {
      state: 'succeeded',
      film: { ...film, playlist: 'ready/index.m3u8', poster: undefined },
      timings: {
        waitSeconds: 2,
        probeSeconds: 0.6,
        encodeSeconds: 41,
        publishSeconds: 0.4,
        totalSeconds: 42,
      },
      warnings: ['The film has no sound in its first 2 s; they are silent.'],
    }),
  ];
}
