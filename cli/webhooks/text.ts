import type { BatchClaim } from '../../reporter/batches/records.ts';
import type { Delivery, DeliveryRecord } from '../../reporter/webhooks/record.ts';
import { printable } from '../text/style.ts';

/** One line for an event: job, event, what became of it, and when. */
export function deliveryLine({ job }: Pick<DeliveryRecord, 'job'>, delivery: Delivery): string {
  return eventLine(job, `job.${delivery.state}`, delivery);
}

/** The same for the event of a batch. */
export function batchLine(claim: BatchClaim): string {
  return eventLine(claim.batch, 'batch.finished', { ...claim, firstAt: claim.finishedAt });
}

function eventLine(
  of: string,
  event: string,
  {
    status,
    tries,
    nextTryAt,
    settledAt,
    firstAt,
    why,
  }: Pick<Delivery, 'status' | 'tries' | 'nextTryAt' | 'settledAt' | 'firstAt' | 'why'>,
): string {
  const failed = tries > 0 ? `${tries} ${tries === 1 ? 'try' : 'tries'} failed` : undefined;
  const when =
    status === 'waiting' ? (nextTryAt === undefined ? undefined : `next try ${nextTryAt}`) : settledAt;
  return printable([of, event, status, when ?? `since ${firstAt}`, failed, why].filter(Boolean).join('  '));
}

export type Counts = Record<Delivery['status'], number>;

export function countDeliveries(events: readonly Pick<Delivery, 'status'>[]): Counts {
  const counts: Counts = { waiting: 0, delivered: 0, 'given-up': 0, overtaken: 0 };
  for (const { status } of events) counts[status] += 1;
  return counts;
}

export function countsLine({ waiting, delivered, 'given-up': givenUp, overtaken }: Counts): string {
  const facts = [`${waiting} waiting`, `${delivered} delivered`, `${givenUp} given up`];
  return [...facts, ...(overtaken > 0 ? [`${overtaken} overtaken by a newer one`] : [])].join(' · ');
}
