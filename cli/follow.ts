import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { JobFolder } from '../worker/src/protocol/job-folder.ts';
import { type JobState, readJobState } from '../worker/src/protocol/status.ts';

/**
 * Yields a job's state each time it has changed, until the job is over. Ends early when `signal` is aborted.
 * @param pollMs how often the state is read. The worker writes it about every 2 s. @default 300
 */
export async function* followJob(
  s3: S3Client,
  bucket: string,
  jobId: string,
  signal: AbortSignal,
  pollMs = 300,
): AsyncGenerator<JobState> {
  let last = '';
  while (!signal.aborted) {
    const text = await readText(s3, bucket, new JobFolder('', jobId).status);
    if (text !== undefined && text !== last) {
      last = text;
      const state = readJobState(text);
      if (state === undefined) continue;
      yield state;
      if (isOver(state)) return;
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

export function isOver({ state }: JobState): boolean {
  return state === 'succeeded' || state === 'failed';
}

async function readText(s3: S3Client, bucket: string, key: string): Promise<string | undefined> {
  try {
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await object.Body?.transformToString();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
