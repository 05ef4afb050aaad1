import { expect, vi } from 'vitest';
import type { Lane } from '../../../worker/src/protocol/lanes.ts';
import { Consumer } from '../../../worker/src/queue/consumer.ts';
import type { Outcome } from '../../../worker/src/queue/outcome.ts';
import type { JobsAtOnce } from '../../../worker/src/queue/places.ts';
import { createQueue } from '../../../worker/src/queue/queue.ts';
import type { Handler } from '../../../worker/src/queue/queue-binding.ts';
import { recordingLogger, startTestQueue, type TestQueue, testSqsClient } from './queue.ts';

interface ConsumerOptions {
  /** @default 2 */
  visibilityTimeoutSeconds?: number;
  /** @default 1 */
  jobsAtOnce?: JobsAtOnce;
  longestHoldSeconds?: number;
  handlerSecondsAfterStop?: number;
  /** @default 1 */
  settleSecondsAfterStop?: number;
  /** @default the queue's own */
  deadLetterUrl?: string;
  /** Of lanes above the queue's own, which is `normal`: the most urgent one first. */
  above?: { lane: Lane; queue: TestQueue; handle: Handler }[];
}

/** A queue, and the consumers of it, which stop with it. */
export interface ConsumedQueue extends AsyncDisposable {
  queue: TestQueue;
  consume(
    handle: Handler,
    options?: ConsumerOptions,
  ): {
    consumer: Consumer;
    /** What it logged. */
    lines: Record<string, unknown>[];
    /** Handlers that run, and the most that ran at the same moment. */
    busy: { now: number; most: number };
  };
  /** Until no message is left. */
  emptySoon(): Promise<void>;
}

/** One for each test: a poll that was given up still takes a message in fauxqs. */
export async function startConsumedQueue(): Promise<ConsumedQueue> {
  const queue = await startTestQueue();
  const running: Consumer[] = [];
  return {
    queue,
    consume(handle, { visibilityTimeoutSeconds = 2, above = [], deadLetterUrl, ...rest } = {}) {
      const { log, lines } = recordingLogger();
      const busy = { now: 0, most: 0 };
      const bind = ({ endpoint, url, ...its }: TestQueue, handle: Handler) => {
        const settings = { url, deadLetterUrl: deadLetterUrl ?? its.deadLetterUrl, visibilityTimeoutSeconds };
        return [{ queue: createQueue(testSqsClient(endpoint), settings), handle }];
      };
      const consumer = new Consumer({
        lanes: [
          ...above.map(({ lane, queue, handle }) => ({ lane, queues: bind(queue, handle) })),
          { lane: 'normal' as const, queues: bind(queue, handle) },
        ],
        visibilityTimeoutSeconds,
        jobsAtOnce: 1,
        log,
        protection: {
          busy: () => {
            busy.now += 1;
            busy.most = Math.max(busy.most, busy.now);
          },
          idle: () => {
            busy.now -= 1;
          },
        },
        settleSecondsAfterStop: 1,
        ...rest,
      });
      consumer.start();
      running.push(consumer);
      return { consumer, lines, busy };
    },
    emptySoon: () =>
      vi.waitFor(async () => expect(await queue.counts()).toEqual(noMessages), { timeout: 20_000 }),
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((consumer) => consumer.stop()));
      await queue.close();
    },
  };
}

/** Counts of a queue. */
export const noMessages = { waiting: 0, held: 0, delayed: 0 };

export const acknowledge: Outcome = { kind: 'acknowledge' };

export const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
