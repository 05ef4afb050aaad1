import type { Logger } from '../log.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { longPollSeconds } from './queue.ts';
import type { QueueBinding } from './queue-binding.ts';

/** A message, and the lane that it came by. */
export interface Taken {
  message: ReceivedMessage;
  lane: QueueBinding;
}

/** A wait of a second asks all of SQS' servers, where one of none asks some of them. */
const glanceSeconds = 1;
/** A glance without an answer is given up. */
const glanceMs = 5000;
/** While a queue is broken the others are waited on for less long, so that its recovery is seen. */
const waitBesideBrokenSeconds = 5;

/**
 * The next message of several queues, those that come first in the list first. Where none has one, all are waited on.
 * @param longestWaitSeconds at most what SQS allows
 * @returns undefined when nothing came within the longest wait
 * @throws what a queue answers, when no other had a message
 */
export async function takeFirst(
  lanes: readonly QueueBinding[],
  signal: AbortSignal,
  log: Logger,
  longestWaitSeconds = longPollSeconds,
): Promise<Taken | undefined> {
  const [only, ...more] = lanes;
  if (only === undefined) throw new TypeError('There is no queue to take messages from.');
  if (more.length === 0) return taken(only, await only.queue.receive(signal, longestWaitSeconds));
  const broken = new Map<QueueBinding, unknown>();
  for (const lane of lanes.slice(0, -1)) {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(glanceMs)]);
    const message = await lane.queue.receive(inTime, glanceSeconds).catch((error: unknown) => {
      signal.throwIfAborted();
      // It must not keep the others from being served.
      log.warn({ err: error }, 'a queue does not answer; the others are asked');
      broken.set(lane, error);
      return undefined;
    });
    if (message !== undefined) return { lane, message };
  }
  const others = lanes.filter((lane) => !broken.has(lane));
  const waitSeconds =
    broken.size > 0 ? Math.min(waitBesideBrokenSeconds, longestWaitSeconds) : longestWaitSeconds;
  const found = await firstToCome(others, waitSeconds, signal, log);
  const [failure] = broken.values();
  if (found === undefined && broken.size > 0) throw failure;
  return found;
}

/**
 * Polls that lose are not cut off, for SQS may have handed them a message by then: such a one is given back at once. One
 * that comes back empty before its time, as when another worker was sooner, is made again.
 */
async function firstToCome(
  lanes: readonly QueueBinding[],
  waitSeconds: number,
  signal: AbortSignal,
  log: Logger,
): Promise<Taken | undefined> {
  const first = Promise.withResolvers<Taken | undefined>();
  let won = false;
  const endsAt = performance.now() + waitSeconds * 1000;
  const poll = async ({ queue }: QueueBinding) => {
    for (let left = waitSeconds; !won && left > 0; left = Math.floor((endsAt - performance.now()) / 1000)) {
      const message = await queue.receive(signal, left);
      if (message !== undefined) return message;
    }
    return undefined;
  };
  const polls = lanes.map(async (lane) => {
    const message = await poll(lane);
    if (message === undefined) return;
    if (!won) {
      won = true;
      return first.resolve({ lane, message });
    }
    await lane.queue.hide(message, 0).catch((error: unknown) => {
      log.warn(
        { err: error, messageId: message.id },
        'a message could not be given back; it comes back after its visibility timeout',
      );
    });
  });
  void Promise.allSettled(polls).then((ends) => {
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) first.reject(failed.reason);
    else first.resolve(undefined);
  });
  return first.promise;
}

function taken(lane: QueueBinding, message: ReceivedMessage | undefined): Taken | undefined {
  return message && { lane, message };
}
