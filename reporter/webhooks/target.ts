import type { Report } from '../../worker/src/protocol/report.ts';
import type { Attempt, TargetResult } from '../attempt.ts';
import type { ReportTarget } from '../handle.ts';
import type { ReporterLog } from '../log.ts';
import { type WebhookEvent, webhookEvent, webhookHeaders } from './event.ts';
import { Hosts } from './hosts.ts';
import { beginDelivery, type DeliveryEnd, type DeliveryRecord, endDelivery } from './record.ts';
import type { DeliveryRecords, KnownRecord } from './records.ts';
import { postWebhook } from './request.ts';
import { afterTry, type NextStep, triesAfterSeconds } from './schedule.ts';

export interface WebhookTargetOptions {
  /** Where jobs are reported that name no webhook of their own. */
  url?: string | undefined;
  secrets: readonly string[];
  allowPrivate: boolean;
  records: DeliveryRecords;
  log: ReporterLog;
  hosts?: Hosts;
  /** @default 15 */
  timeoutSeconds?: number;
  /** Divides every wait. @default 1 */
  speedup?: number;
  clock?: () => Date;
}

/** An event that is undelivered for so long no longer holds up the later ones of its job. */
const stuckSeconds = 3600;

/** A host that keeps failing is tried so often. */
const longestPauseSeconds = 60;

/** What one try takes beside the post itself. */
const aroundPostSeconds = 5;

/**
 * Posts a job's changes of state to its receiver: in their order, each until it is taken or given up, and none after a newer one.
 * What is known between two messages is in the job's record (record.ts).
 */
export class WebhookTarget implements ReportTarget {
  readonly #options: WebhookTargetOptions;
  readonly #hosts: Hosts;
  readonly #speedup: number;
  readonly #timeoutSeconds: number;
  readonly #clock: () => Date;
  /** Receivers that have answered 410, as far as this process knows. */
  readonly #goneUrls = new Set<string>();

  constructor(options: WebhookTargetOptions) {
    this.#options = options;
    this.#speedup = options.speedup ?? 1;
    this.#hosts = options.hosts ?? new Hosts({ longestPauseSeconds: longestPauseSeconds / this.#speedup });
    this.#timeoutSeconds = options.timeoutSeconds ?? 15;
    this.#clock = options.clock ?? (() => new Date());
  }

  takes({ kind }: Report): boolean {
    return kind === 'transition';
  }

  async deliver(report: Report, attempt: Attempt): Promise<TargetResult> {
    const url = report.webhook ?? this.#options.url;
    const event = webhookEvent(report.state, report);
    if (url === undefined || event === undefined) return { kind: 'done' };
    const host = hostOf(url);
    const place = await this.#hosts.enter(host);
    if (place === undefined) return again(1, `too many posts to ${host} at once`);
    try {
      const { result: beginning, written } = await this.#begin(report, event, attempt);
      if (beginning.step === 'done') return { kind: 'done' };
      if (beginning.step === 'hold') return again(beginning.inSeconds, beginning.why);
      const tries = attempt.tries + 1;
      const isLast = triesAfterSeconds[tries] === undefined;
      const next =
        place.isPaused && !isLast
          ? afterTry(
              { kind: 'error', error: new Error(`${host} is down`) },
              tries,
              this.#clock(),
              Math.random(),
            )
          : await this.#post(url, host, event, tries);
      return await this.#end(report, event, url, { next, tries, written });
    } finally {
      place.leave();
    }
  }

  #begin(report: Report, event: WebhookEvent, attempt: Attempt) {
    const timing = {
      stuckSeconds: stuckSeconds / this.#speedup,
      trySeconds: this.#timeoutSeconds + aroundPostSeconds,
    };
    return this.#options.records.update(report.state.id, (record) => {
      const now = this.#clock();
      const begun = beginDelivery(record, report, event, attempt, { ...timing, now });
      return { result: begun.beginning, ...(begun.record === undefined ? {} : { record: begun.record }) };
    });
  }

  async #post(url: string, host: string, event: WebhookEvent, tries: number): Promise<NextStep> {
    const { secrets, allowPrivate } = this.#options;
    if (this.#goneUrls.has(url)) {
      return { step: 'give-up', why: 'the receiver has answered 410 to an earlier event', gone: true };
    }
    const answer = await postWebhook({
      url,
      headers: webhookHeaders(event, secrets, this.#clock()),
      body: event.body,
      allowPrivate,
      signal: neverAborted,
      timeoutSeconds: this.#timeoutSeconds,
    });
    const isAlive = answer.kind === 'status' && answer.status < 500 && answer.status !== 429;
    if (isAlive) this.#hosts.succeeded(host);
    else if (answer.kind !== 'forbidden') this.#hosts.failed(host);
    return afterTry(answer, tries, this.#clock(), Math.random());
  }

  async #end(report: Report, event: WebhookEvent, url: string, end: TryEnd): Promise<TargetResult> {
    const { log, records } = this.#options;
    const { next, tries, written } = end;
    const jobId = report.state.id;
    const write = async (change: DeliveryEnd) => {
      const update = (record: DeliveryRecord) => ({
        result: undefined,
        record: endDelivery(record, event.id, change),
      });
      await records.update(jobId, update, written);
    };
    switch (next.step) {
      case 'delivered':
        log.debug({ job: jobId, webhookId: event.id, webhookType: event.type, tries }, 'webhook delivered');
        await write({ status: 'delivered', at: this.#clock() });
        return { kind: 'done' };
      case 'give-up':
        if (next.gone) this.#goneUrls.add(url);
        return {
          kind: 'give-up',
          code: next.gone ? 'gone' : 'not-delivered',
          why: next.why,
          afterwards: () => write({ status: 'given-up', at: this.#clock(), why: next.why }),
        };
      case 'again': {
        const inSeconds = next.inSeconds / this.#speedup;
        const nextTryAt = new Date(this.#clock().getTime() + inSeconds * 1000);
        return {
          kind: 'again',
          inSeconds,
          counts: true,
          why: next.why,
          afterwards: () => write({ status: 'waiting', tries, nextTryAt, why: next.why }),
        };
      }
    }
  }
}

interface TryEnd {
  next: NextStep;
  tries: number;
  /** The job's record as it was written before the try. */
  written: KnownRecord | undefined;
}

const neverAborted = new AbortController().signal;

function again(inSeconds: number, why: string): TargetResult {
  return { kind: 'again', inSeconds, counts: false, why };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
