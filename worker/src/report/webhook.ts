import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import { type WebhookEvent, webhookEvent, webhookHeaders } from '../protocol/webhook-event.ts';
import type { Sink } from './sink.ts';
import { postWebhook } from './webhook-request.ts';
import { afterTry } from './webhook-schedule.ts';

export interface WebhookOptions {
  /** Where jobs are reported that name no webhook. */
  url?: string;
  secrets: readonly string[];
  allowPrivate: boolean;
  log: Logger;
  /** @default 15 */
  timeoutSeconds?: number;
  /** @default `afterTry` */
  decide?: typeof afterTry;
}

/** More events than this at once are too many to remember; the oldest is let go. */
const maxPending = 1000;

/** Sends job events to receivers. Deliveries continue after their job has ended. */
export function createWebhooks(options: WebhookOptions): Sink {
  const { secrets, allowPrivate, log, timeoutSeconds = 15, decide = afterTry } = options;
  const pending = new Map<
    WebhookEvent,
    { stop: AbortController; hurry: AbortController; done: Promise<void> }
  >();
  const goneUrls = new Set<string>();

  const deliver = async (
    url: string,
    event: WebhookEvent,
    jobLog: Logger,
    stop: AbortSignal,
    hurry: AbortSignal,
  ) => {
    for (let tries = 1; ; tries += 1) {
      if (goneUrls.has(url)) return jobLog.info('not sent: the receiver is gone');
      const now = new Date();
      const answer = await postWebhook({
        url,
        headers: webhookHeaders(event, secrets, now),
        body: event.body,
        allowPrivate,
        signal: stop,
        timeoutSeconds,
      });
      const next = decide(answer, tries, new Date(), Math.random());
      if (next.step === 'delivered') return jobLog.debug({ tries }, 'webhook delivered');
      if (next.step === 'give-up') {
        if (next.gone) goneUrls.add(url);
        return jobLog.error({ tries, why: next.why, event: event.body }, 'webhook given up');
      }
      if (stop.aborted || hurry.aborted) {
        return jobLog.error(
          { tries, why: next.why, event: event.body },
          'webhook not delivered before the stop',
        );
      }
      jobLog.warn(
        { tries, why: next.why, inSeconds: Math.round(next.inSeconds) },
        'webhook failed; again later',
      );
      // A stop brings the next try, the last one, forward.
      await sleep(next.inSeconds * 1000, undefined, { ref: false, signal: hurry }).catch(() => {});
    }
  };

  return {
    transition(state, context) {
      const url = context.webhookUrl ?? options.url;
      const event = webhookEvent(state, context);
      if (url === undefined || event === undefined) return;
      const stop = new AbortController();
      const hurry = new AbortController();
      const jobLog = log.child({ job: state.id, webhookId: event.id, webhookType: event.type });
      const done = deliver(url, event, jobLog, stop.signal, hurry.signal)
        .catch((error: unknown) => jobLog.error({ err: error }, 'webhook not delivered'))
        .finally(() => pending.delete(event));
      pending.set(event, { stop, hurry, done });
      const [oldest] = pending.values();
      if (pending.size > maxPending && oldest !== undefined) {
        oldest.stop.abort(new Error('too many webhooks are waiting'));
        oldest.hurry.abort();
      }
    },
    async close(signal) {
      const all = [...pending.values()];
      for (const { hurry } of all) hurry.abort();
      const stopAll = () => {
        for (const { stop } of all) stop.abort(new Error('the worker stopped'));
      };
      signal.addEventListener('abort', stopAll, { once: true });
      await Promise.all(all.map(({ done }) => done));
    },
  };
}
