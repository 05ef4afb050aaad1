import type { Lane } from '../protocol/lanes.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import type { Outcome } from './outcome.ts';
import type { Place } from './places.ts';
import type { Queue } from './queue.ts';

/**
 * Works on one message. It resolves with what shall become of the message; the signal's reason is an
 * `InterruptedError`, and when it fires the handler ends soon, by any result. It never throws on purpose.
 */
export type Handler = (
  message: ReceivedMessage,
  signal: AbortSignal,
  place?: Pick<Place, 'occupy'>,
) => Promise<Outcome>;

/** A queue, and what its messages are for. */
export interface QueueBinding {
  queue: Queue;
  handle: Handler;
  /** The queues to which a message may be moved whose job names another lane. */
  lanes?: Partial<Record<Lane, Pick<Queue, 'send'>>>;
  /** The queue behind this one: what can't be done here is sent there, and what failed here is tried again there. */
  next?: Pick<Queue, 'send'>;
}
