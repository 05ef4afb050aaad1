import { z } from 'zod';

/**
 * `<job id>/stop.json` in the output bucket: every worker that works on the job ends that work within seconds, and a
 * message of the job that waits ends when it is taken. It counts for what entered the queue before it was written; a job
 * that is sent or redriven afterwards is done as any other.
 */
export const stopSchema = z.object({
  /** Becomes the job's error: `cancelled`, or why one of its parts can't be made. */
  code: z.string(),
  message: z.string(),
  at: z.iso.datetime(),
  /** It holds for requests that entered the queue before this time alone: the one that did so then takes their place. */
  before: z.iso.datetime().optional(),
  /** What is recorded of the film stays, for when the job is redriven. Without it, it is removed. */
  keepParts: z.boolean().optional(),
  /** Names who wrote it: of workers that fail at the same moment, the one whose stop lies here reports it. */
  by: z.string().optional(),
});

export type Stop = z.infer<typeof stopSchema>;
