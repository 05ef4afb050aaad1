import { createHash } from 'node:crypto';
import type { ReceivedMessage } from '../protocol/queue-message.ts';

/**
 * What a message carries beside its body, in attributes, so that a retry, which is a new message, is still the same
 * request.
 */
export interface Request {
  /** 1 for the first try. Counts failures only: receives that ended in an interruption do not show here. */
  attempt: number;
  /** Undefined on a message that is not a retry: the job then gets a new id. */
  requestId?: string;
  /** When the job first entered the queue. */
  queuedAt: Date;
  /** Another message of the request was at work before, and has left something to look at. */
  isRepeat?: true;
}

export function readRequest(message: ReceivedMessage): Request {
  const { attempt = '', requestId, queuedAt = '' } = message.attributes;
  const queued = new Date(queuedAt);
  return {
    attempt: /^[1-9]\d{0,3}$/.test(attempt) ? Number(attempt) : 1,
    ...(requestId === undefined ? {} : { requestId }),
    queuedAt: Number.isNaN(queued.getTime()) ? message.sentAt : queued,
    ...(message.attributes.repeat === 'true' && { isRepeat: true }),
  };
}

export function requestAttributes(request: Request): Record<string, string> {
  return {
    attempt: String(request.attempt),
    ...(request.requestId === undefined ? {} : { requestId: request.requestId }),
    queuedAt: request.queuedAt.toISOString(),
    ...(request.isRepeat && { repeat: 'true' }),
  };
}

/**
 * The request that a dead letter becomes if someone redrives it. It is another one than the one that failed (its
 * webhooks must not look like repetitions), and the same however often the dead letter is written.
 */
export function redriveRequestId(failedRequestId: string): string {
  return createHash('sha256').update(`redrive of ${failedRequestId}`).digest('hex').slice(0, 32);
}
