import type { QueuedJob } from '../protocol/job.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { isOfRequest } from '../protocol/report.ts';
import type { Request } from '../protocol/request.ts';
import type { JobState } from '../protocol/status.ts';

// Whether a message, its request or its job were here before, by what was reported of the job.

/** What is reported is of this very request. */
export function isOwnState(state: JobState, { requestId }: QueuedJob, { queuedAt }: Request): boolean {
  return isOfRequest(state, { requestId, queuedAt });
}

/** What is reported is of a later request, to which the film is known: it may add files to it now. */
export function isOfLaterRequest(
  { queuedAt, film }: JobState,
  { plan }: { plan: string },
  request: Request,
): boolean {
  return Date.parse(queuedAt) > request.queuedAt.getTime() && film?.plan === plan;
}

/** What entered the queue once is one message, or takes its place. */
export function isSameTime(state: JobState, { queuedAt }: Request): boolean {
  return Date.parse(state.queuedAt) === queuedAt.getTime();
}

/**
 * Whether the job was asked for before: work may still go on for that, or its message may be handed out again. The portal writes
 * the first state of a request itself, which names the film of the one before.
 */
export function isSentAgain(earlier: JobState, { queuedAt }: Request, isOwn: boolean): boolean {
  if (isOwn) return earlier.state === 'queued' && earlier.film !== undefined;
  return Date.parse(earlier.queuedAt) < queuedAt.getTime();
}

/** Counted by the queue, or as a failure. */
export function isHandedOutAgain({ receiveCount }: ReceivedMessage, { attempt, isRepeat }: Request): boolean {
  return receiveCount > 1 || attempt > 1 || isRepeat === true;
}
