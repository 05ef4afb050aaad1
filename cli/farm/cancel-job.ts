import { writeStop } from '../../worker/src/job/stop.ts';
import { openBucket } from './buckets.ts';
import type { Farm } from './farm.ts';

/**
 * Stops a job: what runs ends within seconds, and what waits ends when a worker takes it.
 * @param job as `checkJob` found it
 * @param by in words, such as `"farm cancel"`
 */
export async function cancelJob(
  { address }: Pick<Farm, 'address'>,
  job: { id: string; queuedAt?: string },
  by: string,
  signal: AbortSignal,
): Promise<void> {
  const output = openBucket(address, 'output');
  try {
    const at = stopTime(job, new Date()).toISOString();
    const stop = { code: 'cancelled', message: `The job was cancelled by ${by}.`, at };
    await writeStop(output, address.outputPrefix, job.id, stop, signal);
  } finally {
    output.close();
  }
}

/** A stop holds for what entered the queue before it; this clock may be behind the queue's. */
function stopTime({ queuedAt }: { queuedAt?: string }, now: Date): Date {
  return new Date(Math.max(now.getTime(), queuedAt === undefined ? 0 : Date.parse(queuedAt) + 1));
}
