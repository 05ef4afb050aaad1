import { createHash } from 'node:crypto';
import { isFinal, type Report } from '../../worker/src/protocol/report.ts';
import type { Attempt, TargetResult } from '../attempt.ts';
import type { ReportTarget } from '../handle.ts';
import type { ReporterLog } from '../log.ts';
import { type WebhookEvent, webhookHeaders, webhookId } from '../webhooks/event.ts';
import { postWebhook } from '../webhooks/request.ts';
import { afterTry } from '../webhooks/schedule.ts';
import type { BatchClaim, BatchRecords } from './records.ts';

export interface BatchTargetOptions {
  /** Where batches are reported whose last job names no webhook of its own. */
  url?: string | undefined;
  secrets: readonly string[];
  allowPrivate: boolean;
  records: BatchRecords;
  log: ReporterLog;
  /** @default 15 */
  timeoutSeconds?: number;
  /** Divides every wait. @default 1 */
  speedup?: number;
  clock?: () => Date;
}

/**
 * Counts the ends of a batch's jobs, and posts one event when as many have ended as the batch has. The report that completes the
 * batch is kept, as a message, until its event is taken or given up: so the event is posted at least once, whichever reporter is lost.
 */
export class BatchTarget implements ReportTarget {
  readonly #options: BatchTargetOptions;
  readonly #clock: () => Date;

  constructor(options: BatchTargetOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => new Date());
  }

  takes({ kind, state }: Report): boolean {
    return kind === 'transition' && state.batch !== undefined && isFinal(state.state);
  }

  async deliver(report: Report, { tries }: Attempt): Promise<TargetResult> {
    const { records, log, speedup = 1 } = this.#options;
    const { batch } = report.state;
    const url = report.webhook ?? this.#options.url;
    if (batch === undefined || url === undefined) return { kind: 'done' };
    await records.addEnd(batch.id, report.state);
    const by = webhookId(report.state, report.requestId);
    const claim = (await records.readClaim(batch.id)) ?? (await this.#complete(batch, by));
    if (claim === undefined || claim.by !== by || claim.isDelivered) return { kind: 'done' };

    const event = batchEvent(batch, claim);
    const next = afterTry(await this.#post(url, event), tries + 1, this.#clock(), Math.random());
    switch (next.step) {
      case 'delivered':
        log.debug({ batch: batch.id, webhookId: event.id, tries: tries + 1 }, 'batch reported');
        await records.delivered(batch.id, claim);
        return { kind: 'done' };
      case 'give-up':
        return { kind: 'give-up', code: next.gone ? 'gone' : 'not-delivered', why: next.why };
      case 'again':
        return { kind: 'again', inSeconds: next.inSeconds / speedup, counts: true, why: next.why };
    }
  }

  /** @returns the claim that holds; undefined while jobs of the batch are left */
  async #complete(batch: { id: string; jobs: number }, by: string): Promise<BatchClaim | undefined> {
    const { records } = this.#options;
    const { succeeded, failed } = await records.count(batch.id);
    if (succeeded + failed < batch.jobs) return undefined;
    const finishedAt = this.#clock().toISOString();
    return records.claim(batch.id, { by, succeeded, failed, finishedAt, isDelivered: false });
  }

  #post(url: string, event: WebhookEvent) {
    const { secrets, allowPrivate, timeoutSeconds = 15 } = this.#options;
    return postWebhook({
      url,
      headers: webhookHeaders(event, secrets, this.#clock()),
      body: event.body,
      allowPrivate,
      signal: neverAborted,
      timeoutSeconds,
    });
  }
}

const neverAborted = new AbortController().signal;

function batchEvent({ id }: { id: string }, { by, succeeded, failed, finishedAt }: BatchClaim): WebhookEvent {
  const type = 'batch.finished';
  const hash = createHash('sha256').update(JSON.stringify([id, by]));
  const data = { id, jobs: succeeded + failed, succeeded, failed, finishedAt };
  return {
    id: `msg_${hash.digest('hex').slice(0, 32)}`,
    type,
    body: JSON.stringify({ type, timestamp: finishedAt, data }),
  };
}
