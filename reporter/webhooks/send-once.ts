import { PrivateAddressError } from '../../worker/src/source/public-address.ts';
import { type WebhookEvent, webhookHeaders } from './event.ts';
import { postWebhook, type WebhookAnswer } from './request.ts';
import { afterTry } from './schedule.ts';

/** How a receiver took an event. */
export interface Delivery {
  headers: Record<string, string>;
  /** Undefined where it gave no answer. */
  status?: number;
  seconds: number;
  delivered: boolean;
  /** Why not, and what the reporter would do then. */
  why?: string;
  /** The receiver has a private address, which the reporter refuses to call. */
  isPrivate: boolean;
}

/**
 * Sends an event once, as the reporter does.
 * @param callsPrivate a receiver with a private address is called too, as `isPrivate` says: that is where receivers are written
 */
export async function sendOnce(
  url: string,
  event: WebhookEvent,
  secrets: readonly string[],
  { signal, callsPrivate }: { signal: AbortSignal; callsPrivate: boolean },
): Promise<Delivery> {
  const startedAt = performance.now();
  const headers = webhookHeaders(event, secrets, new Date());
  const request = { url, headers, body: event.body, signal, timeoutSeconds: 15 };
  const first = await postWebhook({ ...request, allowPrivate: false });
  const isPrivate = first.kind === 'forbidden' && first.error instanceof PrivateAddressError;
  const answer: WebhookAnswer =
    isPrivate && callsPrivate ? await postWebhook({ ...request, allowPrivate: true }) : first;
  signal.throwIfAborted();
  const seconds = (performance.now() - startedAt) / 1000;
  return { headers, seconds, isPrivate, ...outcomeOf(answer) };
}

/** What a first try with this answer comes to. */
export function outcomeOf(answer: WebhookAnswer): Pick<Delivery, 'status' | 'delivered' | 'why'> {
  const status = answer.kind === 'status' ? { status: answer.status } : {};
  const next = afterTry(answer, 1, new Date(), 0);
  if (next.step === 'delivered') return { ...status, delivered: true };
  const then =
    next.step === 'again'
      ? `The reporter would try again in ${Math.round(next.inSeconds)} s.`
      : 'The reporter would give up.';
  return { ...status, delivered: false, why: `${next.why}. ${then}` };
}
