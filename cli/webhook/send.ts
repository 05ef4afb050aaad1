import { type WebhookEvent, webhookHeaders } from '../../worker/src/protocol/webhook-event.ts';
import { postWebhook, type WebhookAnswer } from '../../worker/src/report/webhook-request.ts';
import { afterTry } from '../../worker/src/report/webhook-schedule.ts';
import { PrivateAddressError } from '../../worker/src/source/public-address.ts';

/** How a receiver took an event. */
export interface Delivery {
  headers: Record<string, string>;
  answer: WebhookAnswer;
  seconds: number;
  delivered: boolean;
  /** Why not, and what a worker would do then. */
  why?: string;
  /** The receiver has a private address, which workers refuse to call. */
  isPrivate: boolean;
}

/**
 * Sends an event once, as a worker does. A receiver on this machine or in its network is called too: that is where
 * receivers are written.
 */
export async function sendOnce(
  url: string,
  event: WebhookEvent,
  secrets: readonly string[],
  signal: AbortSignal,
): Promise<Delivery> {
  const startedAt = performance.now();
  const headers = webhookHeaders(event, secrets, new Date());
  const request = { url, headers, body: event.body, signal, timeoutSeconds: 15 };
  const first = await postWebhook({ ...request, allowPrivate: false });
  const isPrivate = first.kind === 'forbidden' && first.error instanceof PrivateAddressError;
  const answer = isPrivate ? await postWebhook({ ...request, allowPrivate: true }) : first;
  signal.throwIfAborted();
  const seconds = (performance.now() - startedAt) / 1000;
  const next = afterTry(answer, 1, new Date(), 0);
  const sent = { headers, answer, seconds, isPrivate };
  if (next.step === 'delivered') return { ...sent, delivered: true };
  const then =
    next.step === 'again'
      ? `A worker would try again in ${Math.round(next.inSeconds)} s.`
      : 'A worker would give up.';
  return { ...sent, delivered: false, why: `${next.why}. ${then}` };
}
