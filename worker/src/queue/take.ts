import type { Logger } from '../log.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { longPollSeconds } from './queue.ts';
import type { QueueBinding } from './queue-binding.ts';

/** A message, and the queue that it came by. */
export interface Taken {
  message: ReceivedMessage;
  binding: QueueBinding;
}

/** A wait of a second asks all of SQS' servers, where one of none asks some of them. */
const glanceSeconds = 1;
/** A glance without an answer is given up. */
const glanceMs = 5000;
/** While a queue is broken the others are waited on for less long, so that its recovery is seen. */
const waitBesideBrokenSeconds = 5;

export interface TakeOptions {
  signal: AbortSignal;
  log: Logger;
  /** At most what SQS allows, which is the default. */
  longestWaitSeconds?: number;
  /**
   * Queues that had nothing when they were asked last. Neighbours among them are asked together, so that a worker of many queues
   * waits no longer than one of two. Kept from one call to the next.
   */
  knownEmpty?: Set<QueueBinding>;
}

/**
 * The next message of several queues, those that come first in the list first. Where none has one, all are waited on.
 * @returns undefined when nothing came within the longest wait
 * @throws what a queue answers, when no other had a message
 */
export async function takeFirst(
  bindings: readonly QueueBinding[],
  { signal, log, longestWaitSeconds = longPollSeconds, knownEmpty = new Set() }: TakeOptions,
): Promise<Taken | undefined> {
  const [only, ...more] = bindings;
  if (only === undefined) throw new TypeError('There is no queue to take messages from.');
  if (more.length === 0) return taken(only, await only.queue.receive(signal, longestWaitSeconds));
  const { found, broken } = await glance(bindings.slice(0, -1), { signal, log, knownEmpty });
  if (found !== undefined) return found;
  const others = bindings.filter((binding) => !broken.has(binding));
  const waitSeconds =
    broken.size > 0 ? Math.min(waitBesideBrokenSeconds, longestWaitSeconds) : longestWaitSeconds;
  const late = await firstToCome(others, waitSeconds, signal, log);
  if (late !== undefined) knownEmpty.delete(late.binding);
  const [failure] = broken.values();
  if (late === undefined && broken.size > 0) throw failure;
  return late;
}

/** The next message that is there now, those of the first queues first. A queue that does not answer has none. */
export async function takeNow(
  bindings: readonly QueueBinding[],
  options: Required<Pick<TakeOptions, 'signal' | 'log' | 'knownEmpty'>>,
): Promise<Taken | undefined> {
  return (await glance(bindings, options)).found;
}

/** Asks the queues in their order. @throws AbortError when aborted */
async function glance(
  bindings: readonly QueueBinding[],
  { signal, log, knownEmpty }: Required<Pick<TakeOptions, 'signal' | 'log' | 'knownEmpty'>>,
): Promise<{ found: Taken | undefined; broken: ReadonlyMap<QueueBinding, unknown> }> {
  const broken = new Map<QueueBinding, unknown>();
  const ask = async (binding: QueueBinding): Promise<Taken | undefined> => {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(glanceMs)]);
    const message = await binding.queue.receive(inTime, glanceSeconds).catch((error: unknown) => {
      signal.throwIfAborted();
      // It must not keep the others from being served.
      log.warn({ err: error }, 'a queue does not answer; the others are asked');
      broken.set(binding, error);
      return undefined;
    });
    if (message === undefined) knownEmpty.add(binding);
    else knownEmpty.delete(binding);
    return taken(binding, message);
  };
  for (const group of askedTogether(bindings, knownEmpty)) {
    const [found, ...others] = (await Promise.all(group.map(ask))).filter((each) => each !== undefined);
    await Promise.all(others.map((other) => giveBack(other, log)));
    if (found !== undefined) return { found, broken };
  }
  return { found: undefined, broken };
}

/**
 * Neighbours that were all empty are one group; each other queue is asked alone, as a message of it that is given back for one
 * of a higher queue is handed out for nothing, and a message may be handed out only so often.
 */
function askedTogether(
  bindings: readonly QueueBinding[],
  knownEmpty: ReadonlySet<QueueBinding>,
): QueueBinding[][] {
  const groups: QueueBinding[][] = [];
  for (const binding of bindings) {
    const last = groups.at(-1);
    if (last !== undefined && knownEmpty.has(binding) && last.every((each) => knownEmpty.has(each)))
      last.push(binding);
    else groups.push([binding]);
  }
  return groups;
}

/**
 * Polls that lose are not cut off, for SQS may have handed them a message by then: such a one is given back at once. One
 * that comes back empty before its time, as when another worker was sooner, is made again.
 */
async function firstToCome(
  bindings: readonly QueueBinding[],
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
  const polls = bindings.map(async (binding) => {
    const message = await poll(binding);
    if (message === undefined) return;
    if (!won) {
      won = true;
      return first.resolve({ binding, message });
    }
    await giveBack({ binding, message }, log);
  });
  void Promise.allSettled(polls).then((ends) => {
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) first.reject(failed.reason);
    else first.resolve(undefined);
  });
  return first.promise;
}

async function giveBack({ binding, message }: Taken, log: Logger): Promise<void> {
  await binding.queue.hide(message, 0).catch((error: unknown) => {
    log.warn(
      { err: error, messageId: message.id },
      'a message could not be given back; it comes back after its visibility timeout',
    );
  });
}

function taken(binding: QueueBinding, message: ReceivedMessage | undefined): Taken | undefined {
  return message && { binding, message };
}
