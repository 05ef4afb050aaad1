import { z } from 'zod';
import { isNewer, type Report, reportSchema } from '../../worker/src/protocol/report.ts';
import { jobStates } from '../../worker/src/protocol/status.ts';
import type { Attempt } from '../attempt.ts';
import type { WebhookEvent } from './event.ts';

export const deliverySchema = z.object({
  /** The event's `webhook-id`. */
  id: z.string(),
  /** What orders the job's events. */
  state: z.enum(jobStates),
  queuedAt: z.string(),
  sequence: z.number().optional(),
  /** `overtaken`: a newer event of the job was delivered before this one could be. */
  status: z.enum(['waiting', 'delivered', 'given-up', 'overtaken']),
  /** Tries that failed. */
  tries: z.number(),
  firstAt: z.string(),
  nextTryAt: z.string().optional(),
  /** A reporter is posting it, until this time at the latest. Afterwards: it was lost, or could not write what became of it. */
  tryingUntil: z.string().optional(),
  /** When it was delivered, given up or overtaken. */
  settledAt: z.string().optional(),
  /** Why the last try failed. */
  why: z.string().optional(),
});

/**
 * What was delivered of one job's events: the reporter's memory between two messages, as messages of a standard queue come in any
 * order and more than once. An object for each job in a private bucket of the farm's own, written under the condition that nobody
 * has written it since it was read. No database has to be there for it, and output buckets, which may be public, do not hold it.
 */
export const recordSchema = z.object({
  job: z.string(),
  /** The oldest first. */
  deliveries: z.array(deliverySchema),
  /** The newest report, for `farm webhooks redeliver`. */
  newest: reportSchema.optional(),
});

export type Delivery = z.infer<typeof deliverySchema>;
export type DeliveryRecord = z.infer<typeof recordSchema>;

/** How often it is looked whether such a try is made again: its message comes back from the queue. */
const unknownSeconds = 5;

/** More events than this of one job are not remembered; the oldest are let go. */
const maxDeliveries = 50;

export interface DeliveryTiming {
  now: Date;
  /** An event that waits longer no longer holds up the later ones of its job. */
  stuckSeconds: number;
  /** The longest that one try takes. */
  trySeconds: number;
}

export type Beginning =
  /** Nothing is left to do for this message. */
  | { step: 'done' }
  /** An earlier event of the job is to come first, or another reporter is posting this one. */
  | { step: 'hold'; inSeconds: number; why: string }
  | { step: 'post' };

/** What the record says of a message that came, and the record to write before anything else is done. */
export function beginDelivery(
  record: DeliveryRecord,
  report: Report,
  event: Pick<WebhookEvent, 'id'>,
  attempt: Pick<Attempt, 'tries' | 'firstAt' | 'redeliveredAt'>,
  timing: DeliveryTiming,
): { beginning: Beginning; record?: DeliveryRecord } {
  const { state, queuedAt, sequence } = report.state;
  const { now, stuckSeconds, trySeconds } = timing;
  const found = record.deliveries.find(({ id }) => id === event.id);
  const isAskedAgain =
    found?.settledAt !== undefined &&
    attempt.redeliveredAt !== undefined &&
    attempt.redeliveredAt.getTime() > Date.parse(found.settledAt);
  if (found !== undefined && !isAskedAgain) {
    // Settled, or this message is a copy of one whose successor is on its way.
    if (found.status !== 'waiting' || attempt.tries < found.tries) return { beginning: { step: 'done' } };
    const secondsLeft = secondsUntil(found.tryingUntil, now);
    if (secondsLeft > 0) return holdFor(secondsLeft, 'another reporter is posting this event');
  }
  const own: Delivery = {
    id: event.id,
    state,
    queuedAt,
    ...(sequence === undefined ? {} : { sequence }),
    status: 'waiting',
    tries: attempt.tries,
    firstAt: isAskedAgain ? now.toISOString() : (found?.firstAt ?? attempt.firstAt.toISOString()),
  };
  const others = record.deliveries.filter(({ id }) => id !== event.id);
  if (others.some((other) => other.status === 'delivered' && isNewer(other, own))) {
    const overtaken: Delivery = { ...own, status: 'overtaken', settledAt: now.toISOString() };
    return { beginning: { step: 'done' }, record: withDelivery(record, overtaken, report) };
  }
  const stuckBefore = now.getTime() - stuckSeconds * 1000;
  const hold = (inSeconds: number, why: string) => {
    const held = found === undefined || isAskedAgain ? withDelivery(record, own, report) : undefined;
    return { ...holdFor(inSeconds, why), ...(held === undefined ? {} : { record: held }) };
  };
  const begun = others.find(
    (other) =>
      other.status === 'waiting' && isNewer(other, own) && Date.parse(other.tryingUntil ?? '') > stuckBefore,
  );
  if (begun !== undefined) {
    const isPosting = secondsUntil(begun.tryingUntil, now) > 0;
    return hold(isPosting ? 1 : unknownSeconds, 'a newer event of the job may have been delivered');
  }
  // One that may have been delivered has nothing to wait for.
  const mayBeDelivered = found?.tryingUntil !== undefined && !isAskedAgain;
  const earlier = others.filter(
    (other) =>
      !mayBeDelivered &&
      other.status === 'waiting' &&
      isNewer(own, other) &&
      // Stuck or not, one that is on its way arrives first.
      (Date.parse(other.firstAt) > stuckBefore || secondsUntil(other.tryingUntil, now) > 0),
  );
  if (earlier.length > 0) {
    const waits = earlier.map(({ firstAt, nextTryAt, tryingUntil }) =>
      tryingUntil === undefined
        ? Math.min(secondsUntil(nextTryAt, now) + 1, (Date.parse(firstAt) - stuckBefore) / 1000)
        : 1,
    );
    return hold(Math.max(1, ...waits), 'an earlier event of the job is not delivered yet');
  }
  const tryingUntil = new Date(now.getTime() + trySeconds * 1000).toISOString();
  return { beginning: { step: 'post' }, record: withDelivery(record, { ...own, tryingUntil }, report) };
}

export type DeliveryEnd =
  | { status: 'delivered' | 'given-up'; at: Date; why?: string }
  | { status: 'waiting'; tries: number; nextTryAt: Date; why: string };

/** After a try. */
export function endDelivery(record: DeliveryRecord, eventId: string, end: DeliveryEnd): DeliveryRecord {
  const deliveries = record.deliveries.map((delivery): Delivery => {
    // What a copy of the message has delivered meanwhile stays so.
    if (delivery.id !== eventId || delivery.status === 'delivered') return delivery;
    const { tryingUntil, nextTryAt, why, ...rest } = delivery;
    const reason = end.why === undefined ? {} : { why: end.why };
    if (end.status !== 'waiting')
      return { ...rest, ...reason, status: end.status, settledAt: end.at.toISOString() };
    return {
      ...rest,
      ...reason,
      tries: Math.max(delivery.tries, end.tries),
      nextTryAt: end.nextTryAt.toISOString(),
    };
  });
  return { ...record, deliveries };
}

function withDelivery(record: DeliveryRecord, own: Delivery, report: Report): DeliveryRecord {
  const deliveries = [...record.deliveries.filter(({ id }) => id !== own.id), own].sort((a, b) =>
    isNewer(a, b) ? 1 : -1,
  );
  const isNewest = deliveries.at(-1)?.id === own.id;
  return {
    ...record,
    deliveries: deliveries.slice(-maxDeliveries),
    ...(isNewest ? { newest: report } : {}),
  };
}

function holdFor(inSeconds: number, why: string): { beginning: Beginning } {
  return { beginning: { step: 'hold', inSeconds, why } };
}

function secondsUntil(time: string | undefined, now: Date): number {
  return time === undefined ? 0 : Math.max(0, (Date.parse(time) - now.getTime()) / 1000);
}
