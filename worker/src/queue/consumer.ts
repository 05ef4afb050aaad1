import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { maxAtOnce } from '../plan/load.ts';
import type { Lane } from '../protocol/lanes.ts';
import { handleMessage } from './handle-message.ts';
import { type JobsAtOnce, type Place, Places } from './places.ts';
import type { Protection } from './protection.ts';
import type { QueueBinding } from './queue-binding.ts';
import { type LaneBindings, ServingOrder, turnsPerLowest } from './serving-order.ts';
import { type Taken, takeFirst, takeNow } from './take.ts';

export interface ConsumerOptions {
  /** The highest first. */
  lanes: readonly LaneBindings[];
  visibilityTimeoutSeconds: number;
  /** Messages worked on at once. */
  jobsAtOnce: JobsAtOnce;
  log: Logger;
  protection: Pick<Protection, 'busy' | 'idle'>;
  /** See `LeaseOptions`. */
  longestHoldSeconds?: number;
  /** How long a stop waits for a handler to end before it gives the message back without it. */
  handlerSecondsAfterStop?: number;
  /** How much longer a stop waits for calls to SQS that fail. */
  settleSecondsAfterStop?: number;
}

/**
 * Takes messages one by one and sees each to its end. A loop of ours instead of sqs-consumer, because there a stop that
 * ends the long poll also ends heartbeats and deletes, a lost hold reaches no handler, and a handler can't say that its
 * message should come back later.
 */
export class Consumer {
  readonly #options: ConsumerOptions;
  readonly #stopping = new AbortController();
  readonly #handlersMustEnd = new AbortController();
  readonly #handlersShouldHaveEnded = once(this.#handlersMustEnd.signal);
  readonly #callsMustEnd = new AbortController();
  readonly #places: Places;
  readonly #slots: Promise<void>[] = [];
  readonly #order: ServingOrder;
  /** As far as is known at the start: all. */
  readonly #knownEmpty: Set<QueueBinding>;
  /** Work of higher lanes for which other work pauses, or has paused. */
  readonly #interposed = new Set<Promise<void>>();

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#places = new Places(options.jobsAtOnce);
    this.#order = new ServingOrder(options.lanes);
    this.#knownEmpty = new Set(options.lanes.flatMap(({ queues }) => queues));
  }

  start(): void {
    const { jobsAtOnce } = this.#options;
    const slots = typeof jobsAtOnce === 'number' ? jobsAtOnce : maxAtOnce;
    for (let slot = 0; slot < slots; slot += 1) this.#slots.push(this.#work());
  }

  /** Takes no more, asks running handlers to end, gives their messages back, and resolves when all are settled. */
  async stop(): Promise<void> {
    const { handlerSecondsAfterStop = 5, settleSecondsAfterStop = 2 } = this.#options;
    this.#stopping.abort(new InterruptedError('The worker was asked to stop.'));
    const handlerMs = handlerSecondsAfterStop * 1000;
    const handlers = setTimeout(() => this.#handlersMustEnd.abort(), handlerMs);
    const calls = setTimeout(() => this.#callsMustEnd.abort(), handlerMs + settleSecondsAfterStop * 1000);
    await Promise.all(this.#slots);
    clearTimeout(handlers);
    clearTimeout(calls);
  }

  /**
   * Serves what waits in the lanes above this one, for a handler that pauses meanwhile. It resolves when they have nothing more,
   * or when the lower lane has its turn. Never throws.
   */
  async serveAbove(lane: Lane): Promise<void> {
    const above = this.#order.above(lane);
    if (above.length === 0) return;
    const serving = this.#serve(above);
    this.#interposed.add(serving);
    await serving.finally(() => this.#interposed.delete(serving));
  }

  async #serve(bindings: readonly QueueBinding[]): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stopping;
    for (let turn = 1; turn < turnsPerLowest; turn += 1) {
      const taken = await takeNow(bindings, { signal, log, knownEmpty: this.#knownEmpty }).catch(
        () => undefined,
      );
      if (taken === undefined) return;
      log.info({ messageId: taken.message.id }, 'the current work pauses for one of a higher lane');
      await this.#handle(taken);
    }
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    let failedPolls = 0;
    while (!signal.aborted) {
      const place = await this.#places.enter(signal).catch(() => undefined);
      if (place === undefined) return;
      try {
        const taken = await this.#take(failedPolls);
        failedPolls = taken === 'failed' ? failedPolls + 1 : 0;
        if (typeof taken === 'object') await this.#handle(taken, place);
      } finally {
        place.leave();
      }
      // A handler that ended while it paused has left them behind.
      await Promise.allSettled(this.#interposed);
    }
  }

  /** @returns `failed` when the queues could not be asked, after a pause */
  async #take(failedPolls: number): Promise<Taken | undefined | 'failed'> {
    const { log } = this.#options;
    const { signal } = this.#stopping;
    try {
      return await takeFirst(this.#order.next(), { signal, log, knownEmpty: this.#knownEmpty });
    } catch (error) {
      if (signal.aborted) return undefined;
      const failed = failedPolls + 1;
      const seconds = pollDelaySeconds(failed, Math.random());
      log.error(
        { err: error, failedPolls: failed },
        `could not ask the queue for work; again in ${seconds.toFixed(1)} s`,
      );
      await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
      return 'failed';
    }
  }

  /** @param place undefined for work for which other work pauses: it waits for nothing */
  async #handle(taken: Taken, place?: Place): Promise<void> {
    const { protection } = this.#options;
    protection.busy();
    try {
      await handleMessage(
        taken,
        { ...this.#options, place },
        {
          stop: this.#stopping.signal,
          overdue: this.#handlersShouldHaveEnded,
          giveUp: this.#callsMustEnd.signal,
        },
      );
    } finally {
      protection.idle();
    }
  }
}

function once(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

/** From 1 second, doubling up to 20, with up to a quarter more: a queue that is down is asked less than once a second. */
export function pollDelaySeconds(failedPolls: number, random: number): number {
  return Math.min(20, 2 ** Math.min(failedPolls - 1, 10)) * (1 + random / 4);
}
