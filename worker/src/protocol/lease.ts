import { z } from 'zod';

/** Of a rendition of a part: the segments that are published, from the part's first one without a gap. */
const madeRenditionSchema = z.object({
  name: z.string(),
  codecs: z.string(),
  startSeconds: z.number(),
  durations: z.array(z.number().positive()),
});

/** How far a part is that is being made. */
const partProgressSchema = z.object({
  /** Film seconds that are encoded. */
  seconds: z.number().nonnegative(),
  framesPerSecond: z.number().nonnegative(),
  publishedBytes: z.number().int().nonnegative(),
  publishedSegments: z.number().int().nonnegative(),
  /** Of a film that is played early. */
  made: z.array(madeRenditionSchema).optional(),
});

/**
 * A small object in the plan's folder that one worker holds, and renews while it works. That it is there, and its age, say
 * what others must know when they choose a part; its body is for the status reporter, and for a message that comes again.
 */
export const leaseSchema = z.object({
  version: z.literal(1),
  /** Names the run of a worker that holds it. */
  owner: z.string(),
  /** The message that the worker holds, the same through its retries. */
  messageId: z.string(),
  /** Counts the writes, so that no two bodies are alike. */
  renewals: z.number().int().nonnegative(),
  /** Its holder had trouble and has left: the part is kept for the next run of its message. */
  kept: z.boolean(),
  /** Of a part's lease. */
  progress: partProgressSchema.optional(),
});

export type MadeRendition = z.infer<typeof madeRenditionSchema>;
export type PartProgress = z.infer<typeof partProgressSchema>;
