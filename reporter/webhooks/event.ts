import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { JobState } from '../../worker/src/protocol/status.ts';

/** One event, the same in every attempt to deliver it. */
export interface WebhookEvent {
  /** The receiver's key for recognising repetitions. */
  id: string;
  type:
    | `job.${'running' | 'playable' | 'published' | 'retrying' | 'succeeded' | 'failed'}`
    | 'batch.finished';
  /** The exact bytes that are signed and sent. */
  body: string;
}

/**
 * The event of a state. Being queued (again) is not an event: an interruption concerns no one outside the farm.
 * Body and headers follow Standard Webhooks 1.0.0, "Payload structure" and "Webhook headers".
 */
export function webhookEvent(
  state: JobState,
  { requestId }: { requestId: string },
): WebhookEvent | undefined {
  const event = eventOf(state);
  if (event === 'queued') return undefined;
  const type = `job.${event}` as const;
  return {
    id: webhookId(state, requestId),
    type,
    body: JSON.stringify({ type, timestamp: state.updatedAt, data: state }),
  };
}

/** The film can be played while it is made; and later the stream, while its files are still made. */
function eventOf({ state, stage, early }: JobState) {
  if (state !== 'running') return state;
  if (stage === 'files') return 'published';
  return early === undefined ? 'running' : 'playable';
}

/** The same whenever the same request comes to the same state in the same attempt, also in another worker. */
export function webhookId(state: JobState, requestId: string): string {
  const facts = [state.id, requestId, eventOf(state), state.attempt];
  const hash = createHash('sha256').update(JSON.stringify(facts));
  // No ".": the signed text uses it as separator.
  return `msg_${hash.digest('hex').slice(0, 32)}`;
}

/**
 * Headers of one try.
 * @param secrets several while keys rotate: receivers take whichever signature they know
 * @param now time of this try, not of the event: receivers refuse what is older than five minutes
 */
export function webhookHeaders(
  event: WebhookEvent,
  secrets: readonly string[],
  now: Date,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'transcode-farm',
    'webhook-id': event.id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret).sign(event.id, now, event.body))
      .join(' '),
  };
}
