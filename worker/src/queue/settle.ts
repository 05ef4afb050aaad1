import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { readRequest, redriveRequestId, requestAttributes } from '../protocol/request.ts';
import type { Outcome } from './outcome.ts';
import { MessageGoneError } from './queue.ts';
import type { QueueBinding } from './queue-binding.ts';

/**
 * Does to the message what was decided. The order is always: first send what takes the message's place, then delete it.
 * Whatever fails in between leaves the original on the queue, so at worst a job is met twice and never lost.
 *
 * @param signal ends the tries: the message then comes back when its visibility ends
 */
export async function settle(
  message: ReceivedMessage,
  outcome: Outcome,
  {
    queue,
    lanes,
    next: behind,
    log,
    signal,
  }: Pick<QueueBinding, 'queue' | 'lanes' | 'next'> & { log: Logger; signal: AbortSignal },
): Promise<void> {
  const persist = (what: string, call: () => Promise<void>) => untilDone(what, call, message, log, signal);
  const group = message.groupId === undefined ? {} : { groupId: message.groupId };
  const request = readRequest(message);

  switch (outcome.kind) {
    case 'abandon':
      return;
    case 'release':
      return persist('give the message back', () => queue.hide(message, 0));
    case 'acknowledge':
      break;
    case 'fan-out':
      for (const body of outcome.bodies) {
        const attributes = { queuedAt: request.queuedAt.toISOString() };
        await persist('send one upload of the event on', () => queue.send({ body, attributes, ...group }));
      }
      break;
    case 'retry':
    case 'hand-over': {
      const attempt = outcome.kind === 'retry' ? outcome.attempt : request.attempt;
      const { delaySeconds } = outcome;
      const attributes = {
        ...message.attributes,
        ...requestAttributes({
          ...request,
          attempt,
          requestId: outcome.requestId,
          ...(outcome.kind === 'hand-over' && outcome.isRepeat && { isRepeat: true }),
        }),
      };
      const next = { body: message.body, attributes, delaySeconds, ...group };
      const to = outcome.kind === 'retry' && behind !== undefined ? behind : queue;
      await persist('send the message again', () => to.send(next));
      break;
    }
    case 'pass-on': {
      if (behind === undefined) throw new TypeError('There is no queue to pass a message on to.');
      const attributes = {
        ...message.attributes,
        ...requestAttributes({ ...request, requestId: outcome.requestId }),
      };
      await persist('pass the message on', () => behind.send({ body: message.body, attributes, ...group }));
      break;
    }
    case 'move': {
      const { lane } = outcome;
      const to = lanes?.[lane];
      if (to === undefined) throw new TypeError(`There is no lane ${lane} to move a message to.`);
      // What else names the request stays, or the job would be another one there.
      const attributes = {
        ...message.attributes,
        ...requestAttributes({ ...request, requestId: outcome.requestId }),
      };
      await persist('move the message to its lane', () =>
        to.send({ body: message.body, attributes, ...group }),
      );
      break;
    }
    case 'give-up': {
      const attributes = {
        ...withoutRequest(message.attributes),
        reason: outcome.reason,
        reasonCode: outcome.code,
        requestId: redriveRequestId(outcome.requestId),
        ...(outcome.jobId === undefined ? {} : { jobId: outcome.jobId }),
      };
      const deadLetter = { body: outcome.body ?? message.body, attributes, ...group };
      await persist('send the message to the dead letters', () => queue.sendToDeadLetters(deadLetter));
      break;
    }
  }
  await persist('delete the message', () => queue.delete(message));
}

/** A redriven message starts again: at attempt 1, with a wait of its own. */
function withoutRequest(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const { attempt, requestId, queuedAt, repeat, ...others } = attributes;
  return others;
}

/** About once a second until it works, the message is another worker's, or the signal. */
async function untilDone(
  what: string,
  call: () => Promise<void>,
  message: ReceivedMessage,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof MessageGoneError || signal.aborted) throw error;
      log.warn({ err: error, messageId: message.id }, `could not ${what}; trying again`);
      await sleep(1000, undefined, { signal });
    }
  }
}
