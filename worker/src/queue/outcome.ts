import type { FailureKind } from '../errors.ts';
import type { Lane } from '../protocol/lanes.ts';

/**
 * What becomes of a message after its handler is done with it. "Acknowledged" always means: deleted, after whatever
 * stands in for it was sent.
 */
export type Outcome =
  /** Done, or nothing to do: delete it. */
  | { kind: 'acknowledge' }
  /** Send each body as a separate message, then delete the original. */
  | { kind: 'fan-out'; bodies: string[] }
  /** Send it again with a delay and a higher attempt, then delete the original. */
  | { kind: 'retry'; attempt: number; requestId: string; delaySeconds: number }
  /** Send it, or the job as a separate message, to the dead letters with the reason, then delete the original. */
  | { kind: 'give-up'; jobId?: string; requestId: string; reason: string; code: string; body?: string }
  /** Make it visible at once. */
  | { kind: 'release' }
  /**
   * Send it again as it is, then delete the original: because SQS lets no one hold a message for over 12 hours, or
   * because there is nothing to do for it yet.
   */
  | {
      kind: 'hand-over';
      requestId: string;
      delaySeconds: number;
      /** Whoever gets it is to look at what this worker has left. */
      isRepeat?: true;
    }
  /** Send it to the queue of the lane that its job names, then delete the original. */
  | { kind: 'move'; requestId: string; lane: Lane }
  /** Send it to the queue behind this one, then delete the original. */
  | { kind: 'pass-on'; requestId: string }
  /** It is someone else's by now: touch nothing. */
  | { kind: 'abandon' };

export interface FailurePolicy {
  maxAttempts: number;
  retryDelaySeconds: number;
}

/**
 * A message that was handed out so often without any word about its end is killing its workers. Far more than
 * interruptions: each retry is a new message, whose count starts again.
 */
export const maxReceives = 25;

/** What a failed job's message comes to. */
export type FailureDecision = { kind: 'retry'; attempt: number; delaySeconds: number } | { kind: 'give-up' };

/**
 * @param attempt the try that failed, from 1
 * @param random 0 to 1, for the jitter
 */
export function decideFailure(
  kind: Exclude<FailureKind, 'interrupted'>,
  attempt: number,
  policy: FailurePolicy,
  random: number,
): FailureDecision {
  if (kind === 'refused' || attempt >= policy.maxAttempts) return { kind: 'give-up' };
  return {
    kind: 'retry',
    attempt: attempt + 1,
    delaySeconds: retryDelaySeconds(attempt, policy.retryDelaySeconds, random),
  };
}

/** The most that SQS delays a message by. */
const longestDelaySeconds = 900;

/** Doubles with each failure; up to a fifth more, so that jobs that failed together do not come back together. */
export function retryDelaySeconds(failedAttempt: number, firstDelaySeconds: number, random: number): number {
  const delay = firstDelaySeconds * 2 ** (failedAttempt - 1) * (1 + random / 5);
  return Math.min(longestDelaySeconds, Math.round(delay));
}
