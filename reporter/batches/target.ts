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

  async deliver(report: Report, { tries, redeliveredAt }: Attempt): Promise<TargetResult> {
    const { records } = this.#options;
    const { batch } = report.state;
    const url = report.webhook ?? this.#options.url;
    if (batch === undefined || url === undefined) return { kind: 'done' };
    await records.addEnd(batch.id, report.state);
    const by = webhookId(report.state, report.requestId);
    const claim = (await records.readClaim(batch.id)) ?? (await this.#complete(batch, by, report));
    if (claim === undefined || claim.by !== by || isSettled(claim, redeliveredAt)) return { kind: 'done' };
    return this.#send(url, claim, tries + 1);
  }

  async #send(url: string, claim: BatchClaim, tries: number): Promise<TargetResult> {
    const { records, log, speedup = 1 } = this.#options;
    const { nextTryAt, settledAt, why, ...facts } = claim;
    const write = (change: Partial<BatchClaim>) => records.write({ ...facts, ...change });
    const event = batchEvent(claim);
    const next = afterTry(await this.#post(url, event), tries, this.#clock(), Math.random());
    const now = this.#clock();
    switch (next.step) {
      case 'delivered':
        log.debug({ batch: claim.batch, webhookId: event.id, tries }, 'batch reported');
        await write({ status: 'delivered', settledAt: now.toISOString() });
        return { kind: 'done' };
      case 'give-up':
        return {
          kind: 'give-up',
          code: next.gone ? 'gone' : 'not-delivered',
          why: next.why,
          afterwards: () => write({ status: 'given-up', tries, settledAt: now.toISOString(), why: next.why }),
        };
      case 'again': {
        const inSeconds = next.inSeconds / speedup;
        const again = new Date(now.getTime() + inSeconds * 1000).toISOString();
        return {
          kind: 'again',
          inSeconds,
          counts: true,
          why: next.why,
          afterwards: () => write({ status: 'waiting', tries, nextTryAt: again, why: next.why }),
        };
      }
    }
  }

  /** @returns the claim that holds; undefined while jobs of the batch are left */
  async #complete(
    batch: { id: string; jobs: number },
    by: string,
    report: Report,
  ): Promise<BatchClaim | undefined> {
    const { records } = this.#options;
    const { succeeded, failed } = await records.count(batch.id);
    if (succeeded + failed < batch.jobs) return undefined;
    const finishedAt = this.#clock().toISOString();
    const count = { succeeded, failed, finishedAt };
    return records.claim({ batch: batch.id, by, report, ...count, status: 'waiting', tries: 0 });
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

/** Nothing is left to send, unless somebody has asked for it since. */
function isSettled({ status, settledAt }: BatchClaim, redeliveredAt: Date | undefined): boolean {
  if (status === 'waiting' || settledAt === undefined) return false;
  return redeliveredAt === undefined || redeliveredAt.getTime() <= Date.parse(settledAt);
}

function batchEvent({ batch: id, by, succeeded, failed, finishedAt }: BatchClaim): WebhookEvent {
  const type = 'batch.finished';
  const hash = createHash('sha256').update(JSON.stringify([id, by]));
  const data = { id, jobs: succeeded + failed, succeeded, failed, finishedAt };
  return {
    id: `msg_${hash.digest('hex').slice(0, 32)}`,
    type,
    body: JSON.stringify({ type, timestamp: finishedAt, data }),
  };
}
