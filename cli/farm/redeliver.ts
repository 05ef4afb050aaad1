import type { BatchClaim } from '../../reporter/batches/records.ts';
import type { Report } from '../../worker/src/protocol/report.ts';
import { Deliveries } from './deliveries.ts';
import type { Farm } from './farm.ts';
import { settleReportDeadLetters } from './report-dead-letters.ts';
import { sendReports } from './reporter.ts';

/** Which batches: those that are named, or all whose event changed since then. */
export type BatchChoice = { batches: readonly string[] } | { since: Date };

/** Which jobs: those that are named, or all with an event since then. */
export type RedeliverChoice = { jobs: readonly string[] } | { since: Date };

/**
 * Has the reporter post the newest event of each chosen job again, also one that was delivered or given up. Its dead letters are
 * deleted then.
 * @returns the reports that were sent
 * @throws UserError where the farm sends no webhooks, or the reporter failed
 */
export async function redeliverWebhooks(
  farm: Pick<Farm, 'address' | 'sqs'>,
  choice: RedeliverChoice,
): Promise<Report[]> {
  using deliveries = new Deliveries(farm.address);
  const records =
    'jobs' in choice
      ? await Promise.all(choice.jobs.map((job) => deliveries.read(job)))
      : await deliveries.list(choice.since);
  const reports = new Map<string, Report>();
  for (const { job, newest } of records.filter((record) => record !== undefined)) {
    if (newest !== undefined) reports.set(job, newest);
  }
  const isChosen = (job: string, sentAt: Date) =>
    'jobs' in choice ? choice.jobs.includes(job) : sentAt >= choice.since;
  await settleReportDeadLetters(farm, 'webhook', isChosen, async (deadLetters) => {
    // The record of an old job is gone, and its dead letter has all of the event.
    for (const report of deadLetters) {
      if (!reports.has(report.state.id)) reports.set(report.state.id, report);
    }
    await sendReports(farm.address, 'webhook', [...reports.values()]);
  });
  return [...reports.values()];
}

/**
 * Has the reporter post the event of each chosen batch again, as `redeliverWebhooks` does for jobs.
 * @returns what is known of the batches whose event was sent
 */
export async function redeliverBatches(
  farm: Pick<Farm, 'address' | 'sqs'>,
  choice: BatchChoice,
): Promise<BatchClaim[]> {
  using deliveries = new Deliveries(farm.address);
  const found =
    'batches' in choice
      ? await Promise.all(choice.batches.map((batch) => deliveries.readBatch(batch)))
      : await deliveries.listBatches(choice.since);
  const claims = found.filter((claim) => claim !== undefined);
  if (claims.length === 0) return [];
  const reports = claims.map(({ report }) => report);
  const isChosen = (job: string) => reports.some(({ state }) => state.id === job);
  await settleReportDeadLetters(farm, 'batch', isChosen, () => sendReports(farm.address, 'batch', reports));
  return claims;
}
