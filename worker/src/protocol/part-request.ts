import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { asciiJson } from './ascii-json.ts';
import { type Job, jobSchema, type QueuedJob } from './job.ts';
import type { NewMessage } from './queue-message.ts';
import { type Request, requestAttributes } from './request.ts';

/** A WebM file is made of the film's source, as the stream was, or of the stream where the source is gone. */
export const webmSources = ['source', 'stream'] as const;
export type WebmSource = (typeof webmSources)[number];

/**
 * A message on the parts queue: one more worker is asked to make parts of a film. It carries all that its worker needs to
 * end the job, should all others be lost; so the job is safe while any message of it is.
 */
const partRequestSchema = z.strictObject({
  job: jobSchema,
  /** Of the job's first message: names its webhooks. */
  requestId: z.string().min(1),
  plan: z.string().regex(/^[0-9a-f]{12}$/, 'expected twelve hex digits'),
  /** Each request of a film names another part, so that its workers need not look at the film to begin. */
  firstPart: z.number().int().nonnegative(),
  /** Where parts of a file beside the stream are asked for: its name, such as `720p.webm`. */
  file: z
    .string()
    .regex(/^[\w-]+\.webm$/, 'expected the name of a WebM file')
    .optional(),
  /** What that file's parts are made of. */
  from: z.enum(webmSources).optional(),
});

export interface PartRequest {
  job: QueuedJob;
  plan: string;
  firstPart: number;
  file?: string | undefined;
  from?: WebmSource | undefined;
}

/**
 * Asks for one more worker. The message entered the queue when its job did, so that a stop of the job holds for it too.
 * @throws what SQS answers
 */
export async function sendPartRequest(
  queue: { send(message: NewMessage): Promise<void> },
  { job, plan, firstPart, file, from }: PartRequest,
  asking: { request: Request; groupId?: string | undefined },
): Promise<void> {
  const { queuedAt } = asking.request;
  await queue.send({
    body: asciiJson({ job: withoutQueue(job), requestId: job.requestId, plan, firstPart, file, from }),
    attributes: requestAttributes({ attempt: 1, requestId: randomUUID(), queuedAt }),
    // Fair queues: a film's parts never stand before those of others.
    groupId: asking.groupId ?? job.id,
  });
}

/** @throws Error with a sentence that names the field: only workers write such messages */
export function readPartRequest(body: string): PartRequest {
  const { job, requestId, ...rest } = partRequestSchema.parse(JSON.parse(body));
  return { job: { ...job, requestId }, ...rest };
}

/** The job as a separate message: whoever takes it goes on after the recorded parts. */
export function jobBody(job: QueuedJob): string {
  return asciiJson(withoutQueue(job));
}

function withoutQueue({ expectedEtag, requestId, ...job }: QueuedJob): Job {
  return job;
}
