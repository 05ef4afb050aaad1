import type { Logger } from '../log.ts';
import { holdMessage, type Lease, LeaseLostError } from './lease.ts';
import type { Outcome } from './outcome.ts';
import type { Place } from './places.ts';
import { settle } from './settle.ts';
import type { Taken } from './take.ts';

export interface HandlingOptions {
  visibilityTimeoutSeconds: number;
  /** Where the worker counts what it has in hand. */
  place?: Place | undefined;
  log: Logger;
  /** See `LeaseOptions`. */
  longestHoldSeconds?: number;
}

export interface HandlingSignals {
  /** The handler is asked to end. */
  stop: AbortSignal;
  /** Resolves when a handler that was asked to end should have done so: it is no longer waited for. */
  overdue: Promise<undefined>;
  /** Calls to the queue are given up. */
  giveUp: AbortSignal;
}

/** Longer than the outages that a job should outlive; after that the message comes back after its visibility timeout. */
const settleMs = 5 * 60_000;

/**
 * Takes a message from received to settled. Never throws.
 * @returns whether something stands in for it or nothing needs to: it is deleted. Otherwise the queue hands it out again
 */
export async function handleMessage(
  { message, binding: { queue, handle, lanes, next } }: Taken,
  options: HandlingOptions,
  signals: HandlingSignals,
): Promise<boolean> {
  const { log, place } = options;
  let lease: Lease | undefined;
  try {
    lease = await holdMessage(message, { ...options, queue });
    const signal = AbortSignal.any([lease.signal, signals.stop]);
    const ended = signal.aborted
      ? undefined
      : await Promise.race([handle(message, signal, place), signals.overdue]);
    const outcome = finalOutcome(ended, signal);
    const enough = AbortSignal.timeout(settleMs);
    const settling = AbortSignal.any([lease.signal, signals.giveUp, enough]);
    await settle(message, outcome, { queue, lanes, next, log, signal: settling });
    return outcome.kind !== 'abandon' && outcome.kind !== 'release';
  } catch (error) {
    log.warn(
      { err: error, messageId: message.id },
      'the message was left; it comes back after its visibility timeout',
    );
    return false;
  } finally {
    lease?.end();
  }
}

/** A handler's outcome counts unless the hold was lost; a handler that was cut off gives its message back. */
function finalOutcome(outcome: Outcome | undefined, signal: AbortSignal): Outcome {
  if (signal.reason instanceof LeaseLostError) return { kind: 'abandon' };
  return outcome ?? { kind: 'release' };
}
