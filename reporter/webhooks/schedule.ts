import type { WebhookAnswer } from './request.ts';

/** What follows a try. */
export type NextStep =
  | { step: 'delivered' }
  | { step: 'again'; inSeconds: number; why: string }
  /** `gone`: the receiver asks for nothing more, ever. */
  | { step: 'give-up'; why: string; gone: boolean };

/**
 * Waits before each try in seconds: at once, 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h. Nine tries over about 28
 * hours, after the example in Standard Webhooks 1.0.0, "Deliverability and reliability".
 */
export const triesAfterSeconds = [0, 5, 60, 300, 1800, 7200, 18_000, 36_000, 36_000] as const;

/** Bounds of what a receiver may ask for. */
const shortestRetryAfterSeconds = 1;
const longestRetryAfterSeconds = 24 * 3600;

/**
 * @param tries how many were made, this one included
 * @param random 0 to 1: up to a fifth is added to the wait
 */
export function afterTry(answer: WebhookAnswer, tries: number, now: Date, random: number): NextStep {
  if (answer.kind === 'status' && answer.status >= 200 && answer.status < 300) return { step: 'delivered' };
  const why = describe(answer);
  if (answer.kind === 'forbidden') return { step: 'give-up', why, gone: false };
  if (answer.kind === 'status' && answer.status === 410) return { step: 'give-up', why, gone: true };
  const wait = triesAfterSeconds[tries];
  if (wait === undefined) return { step: 'give-up', why: `${why} at try ${tries}, the last`, gone: false };
  const asked = answer.kind === 'status' ? retryAfterSeconds(answer.retryAfter, now) : undefined;
  return { step: 'again', inSeconds: Math.max(wait * (1 + random / 5), asked ?? 0), why };
}

/** RFC 9110 section 10.2.3: seconds or an HTTP date; held between a second and a day. Undefined where it is neither. */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const isNumber = /^\d+$/.test(header.trim());
  // Date.parse alone takes almost anything for a date, "-5" too.
  const isDate = /^[A-Z][a-z]{2,8},? /.test(header);
  if (!isNumber && !isDate) return undefined;
  const seconds = isNumber ? Number(header) : (Date.parse(header) - now.getTime()) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(longestRetryAfterSeconds, Math.max(shortestRetryAfterSeconds, seconds));
}

function describe(answer: WebhookAnswer): string {
  if (answer.kind !== 'status') return answer.error.message || answer.error.name;
  const body = answer.body === '' ? '' : `: ${answer.body.slice(0, 200)}`;
  return `the receiver answered ${answer.status}${body}`;
}
