import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { holdMessage, type Lease, LeaseLostError } from './lease.ts';
import type { Outcome } from './outcome.ts';
import type { Protection } from './protection.ts';
import type { QueueBinding } from './queue-binding.ts';
import { settle } from './settle.ts';
import { type Taken, takeFirst } from './take.ts';

/**
 * Takes messages one by one and sees each to its end. Our own loop instead of sqs-consumer, because there a stop that
 * ends the long poll also ends heartbeats and deletes, a lost hold reaches no handler, and a handler can't say that its
 * message should come back later.
 */
export interface Consumer {
  start(): void;
  /** Takes no more, asks running handlers to end, gives their messages back, and resolves when all are settled. */
  stop(): Promise<void>;
}

export interface ConsumerOptions {
  /** The first that has a message is served first. */
  lanes: readonly QueueBinding[];
  visibilityTimeoutSeconds: number;
  /** Messages worked on at once. */
  jobsAtOnce: number;
  log: Logger;
  protection: Protection;
  /** See `LeaseOptions`. */
  longestHoldSeconds?: number;
  /** A stop waits so long for a handler to end, and then gives its message back without it. */
  handlerSecondsAfterStop?: number;
  /** A stop waits so much longer for calls to SQS that fail. */
  settleSecondsAfterStop?: number;
}

/** Longer than the outages that a job should outlive; after that the message comes back by itself. */
const settleMs = 5 * 60_000;

export function createConsumer(options: ConsumerOptions): Consumer {
  const { lanes, log, protection } = options;
  const stopping = new AbortController();
  const handlersMustEnd = new AbortController();
  const handlersShouldHaveEnded = once(handlersMustEnd.signal);
  const afterStop = new AbortController();
  const slots: Promise<void>[] = [];

  const work = async () => {
    let failedPolls = 0;
    while (!stopping.signal.aborted) {
      let taken: Taken | undefined;
      try {
        taken = await takeFirst(lanes, stopping.signal, log);
        failedPolls = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        failedPolls += 1;
        const seconds = pollDelaySeconds(failedPolls, Math.random());
        log.error(
          { err: error, failedPolls },
          `could not ask the queue for work; again in ${seconds.toFixed(1)} s`,
        );
        await sleep(seconds * 1000, undefined, { signal: stopping.signal }).catch(() => {});
      }
      if (taken !== undefined) await see(taken);
    }
  };

  /** From received to settled. */
  const see = async ({ message, lane: { queue, handle } }: Taken) => {
    protection.busy();
    let lease: Lease | undefined;
    try {
      lease = await holdMessage(message, { ...options, queue });
      const signal = AbortSignal.any([lease.signal, stopping.signal]);
      const outcome = signal.aborted
        ? undefined
        : await Promise.race([handle(message, signal), handlersShouldHaveEnded]);
      const enough = AbortSignal.timeout(settleMs);
      const settling = AbortSignal.any([lease.signal, afterStop.signal, enough]);
      await settle(message, finalOutcome(outcome, signal), { queue, log, signal: settling });
    } catch (error) {
      log.warn({ err: error, messageId: message.id }, 'the message was left to come back by itself');
    } finally {
      lease?.end();
      protection.idle();
    }
  };

  return {
    start() {
      for (let slot = 0; slot < options.jobsAtOnce; slot += 1) slots.push(work());
    },
    async stop() {
      stopping.abort(new InterruptedError('The worker was asked to stop.'));
      const handlerMs = (options.handlerSecondsAfterStop ?? 5) * 1000;
      const lastCallsMs = (options.settleSecondsAfterStop ?? 2) * 1000;
      const handlers = setTimeout(() => handlersMustEnd.abort(), handlerMs);
      const settling = setTimeout(() => afterStop.abort(), handlerMs + lastCallsMs);
      await Promise.all(slots);
      clearTimeout(handlers);
      clearTimeout(settling);
    },
  };
}

/** A job that reached an end of its own is settled by it; one that was cut off is settled by what cut it off. */
function finalOutcome(outcome: Outcome | undefined, signal: AbortSignal): Outcome {
  if (signal.reason instanceof LeaseLostError) return { action: 'abandon' };
  return outcome ?? { action: 'release' };
}

function once(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

/** From 1 second, doubling up to 20, with up to a quarter more: a queue that is down is asked less than once a second. */
export function pollDelaySeconds(failedPolls: number, random: number): number {
  return Math.min(20, 2 ** Math.min(failedPolls - 1, 10)) * (1 + random / 4);
}
