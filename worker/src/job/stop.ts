import { z } from 'zod';
import { headersFor } from '../publish/content-types.ts';
import { jobFolder } from '../publish/keys.ts';
import { readJson } from '../storage/read-json.ts';
import type { Store } from '../storage/store.ts';

/**
 * `<job id>/stop.json` in the output bucket: every worker that works on the job ends that work within seconds, and a
 * message of the job that waits ends when it is taken. It counts for what entered the queue before it was written; a job
 * that is sent or redriven afterwards is done as any other.
 */
const stopSchema = z.object({
  /** Becomes the job's error: `cancelled`, or why one of its parts can't be made. */
  code: z.string(),
  message: z.string(),
  at: z.iso.datetime(),
});

export type Stop = z.infer<typeof stopSchema>;

/** @param outputPrefix empty or ending in "/" */
export function stopKey(outputPrefix: string, jobId: string): string {
  return `${jobFolder(outputPrefix, jobId)}stop.json`;
}

/** Stops a job. @param signal ends the tries */
export async function writeStop(
  output: Store,
  outputPrefix: string,
  jobId: string,
  stop: Stop,
  signal: AbortSignal,
): Promise<void> {
  await output.put(stopKey(outputPrefix, jobId), JSON.stringify(stop), {
    ...headersFor('stop.json'),
    signal,
  });
}

/** The stop that holds for what entered the queue at `queuedAt`, if there is one. One that can't be read is none. */
export async function readStop(
  output: Store,
  outputPrefix: string,
  jobId: string,
  queuedAt: Date,
  signal: AbortSignal,
): Promise<Stop | undefined> {
  const stop = await readJson(output, stopKey(outputPrefix, jobId), stopSchema, signal);
  return stop !== undefined && Date.parse(stop.at) > queuedAt.getTime() ? stop : undefined;
}
