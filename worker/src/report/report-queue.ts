import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import { asciiJson } from '../protocol/ascii-json.ts';
import type { Report } from '../protocol/report.ts';
import type { JobState } from '../protocol/status.ts';
import type { ReportContext, Sink } from './sink.ts';

export interface ReportQueueOptions {
  send: (body: string) => Promise<void>;
  /** Whether progress is sent as well. */
  progress: boolean;
  log: Logger;
  /** Between two reports of a job's progress. @default 10 */
  progressSeconds?: number;
  /** Between two tries. @default 1 */
  retrySeconds?: number;
}

/** SQS takes messages of 1 MiB, attributes included. */
const maxBodyBytes = 2 ** 20 - 4096;

/**
 * The outbox: sends each change of state to the reports queue, from where the reporter delivers it. A job's message is deleted
 * only after `secured`, so a worker that is lost takes no report with it: the job is handed out again, and reported again.
 */
export class ReportQueue implements Sink {
  readonly #options: ReportQueueOptions;
  /** Of each job, what is on its way. */
  readonly #unsent = new Map<string, Set<Promise<void>>>();
  readonly #closed = new AbortController();
  readonly #progressSentAt = new Map<string, number>();

  constructor(options: ReportQueueOptions) {
    this.#options = options;
  }

  transition(state: JobState, context: ReportContext): void {
    if (state.state !== 'running') this.#progressSentAt.delete(state.id);
    else this.#progressSentAt.set(state.id, performance.now());
    const sends = this.#unsent.get(state.id) ?? new Set();
    this.#unsent.set(state.id, sends);
    const send = this.#sendUntilTaken(state, context).finally(() => {
      sends.delete(send);
      if (sends.size === 0 && this.#unsent.get(state.id) === sends) this.#unsent.delete(state.id);
    });
    sends.add(send);
  }

  confirmEnd(state: JobState, context: ReportContext): void {
    this.transition(state, context);
  }

  progress(state: JobState, context: ReportContext): void {
    const { progress, send, log, progressSeconds = 10 } = this.#options;
    const now = performance.now();
    if (!progress || now - (this.#progressSentAt.get(state.id) ?? -Infinity) < progressSeconds * 1000) return;
    this.#progressSentAt.set(state.id, now);
    send(reportBody('progress', state, context)).catch((error: unknown) => {
      log.debug({ err: error, job: state.id }, 'a report of progress was not sent');
    });
  }

  flush(jobId: string, signal: AbortSignal): Promise<void> {
    return this.secured(jobId, signal).then(() => {});
  }

  /** @returns whether the queue has every change of state of the job that this worker reported */
  async secured(jobId: string, signal: AbortSignal): Promise<boolean> {
    const sends = this.#unsent.get(jobId);
    if (sends !== undefined) await Promise.race([Promise.all(sends), aborted(signal)]);
    return !this.#unsent.has(jobId);
  }

  /** What the job became is sent all the same: by its sequence number the reporter sees whether other workers reported since. */
  abandon(jobId: string): void {
    this.#progressSentAt.delete(jobId);
  }

  async close(signal: AbortSignal): Promise<void> {
    const sends = [...this.#unsent.values()].flatMap((ofJob) => [...ofJob]);
    await Promise.race([Promise.all(sends), aborted(signal)]);
    this.#closed.abort();
  }

  async #sendUntilTaken(state: JobState, context: ReportContext): Promise<void> {
    const { send, log, retrySeconds = 1 } = this.#options;
    const body = reportBody('transition', state, context);
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        return await send(body);
      } catch (error) {
        log.warn({ err: error, job: state.id }, 'could not send a report to its queue; trying again');
        await sleep(retrySeconds * 1000, undefined, { signal }).catch(() => {});
      }
    }
  }
}

/** Metadata stays out of a report that is too large with it: it came with a job of almost the size that SQS takes. */
function reportBody(kind: Report['kind'], state: JobState, context: ReportContext): string {
  const { requestId, webhookUrl: webhook } = context;
  const report: Report = { kind, state, requestId, ...(webhook === undefined ? {} : { webhook }) };
  const body = asciiJson(report);
  if (Buffer.byteLength(body) <= maxBodyBytes) return body;
  const { metadata, ...rest } = state;
  return asciiJson({ ...report, state: rest });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
