import type { Delivery, DeliveryRecord } from '../../reporter/webhooks/record.ts';
import { printable } from '../text/style.ts';

/** One line for an event: job, event, what became of it, and when. */
export function deliveryLine({ job }: Pick<DeliveryRecord, 'job'>, delivery: Delivery): string {
  const { state, status, tries, nextTryAt, settledAt, firstAt, why } = delivery;
  const failed = tries > 0 ? `${tries} ${tries === 1 ? 'try' : 'tries'} failed` : undefined;
  const when =
    status === 'waiting' ? (nextTryAt === undefined ? undefined : `next try ${nextTryAt}`) : settledAt;
  return printable(
    [job, `job.${state}`, status, when ?? `since ${firstAt}`, failed, why].filter(Boolean).join('  '),
  );
}

export type Counts = Record<Delivery['status'], number>;

export function countDeliveries(records: readonly DeliveryRecord[]): Counts {
  const counts: Counts = { waiting: 0, delivered: 0, 'given-up': 0, overtaken: 0 };
  for (const { status } of records.flatMap(({ deliveries }) => deliveries)) counts[status] += 1;
  return counts;
}

export function countsLine({ waiting, delivered, 'given-up': givenUp, overtaken }: Counts): string {
  const facts = [`${waiting} waiting`, `${delivered} delivered`, `${givenUp} given up`];
  return [...facts, ...(overtaken > 0 ? [`${overtaken} overtaken by a newer one`] : [])].join(' · ');
}
