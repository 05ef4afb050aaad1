import type { Delivery } from '../../reporter/webhooks/send-once.ts';
import { printable, type Style } from '../text/style.ts';
import { formatSeconds } from '../text/units.ts';

export interface SentTest {
  url: string;
  body: string;
  delivery: Delivery;
}

/** What was sent, what came of it, and how a receiver verifies it. */
export function testLines({ url, body, delivery }: SentTest, style: Style): string[] {
  const { headers, delivered, status, seconds, why = '', isPrivate } = delivery;
  return [
    `POST ${printable(url)}`,
    ...Object.entries(headers).map(([name, value]) => `${style.dim(`${name}:`)} ${printable(value)}`),
    '',
    body,
    '',
    delivered
      ? `${style.good('delivered')}: the receiver answered ${status} in ${formatSeconds(seconds)}`
      : `${style.bad('not delivered')}: ${printable(why)}`,
    ...(isPrivate ? ['Its address is private. A farm calls public addresses alone.'] : []),
    '',
    ...howToVerify,
  ];
}

/** Standard Webhooks 1.0.0, "Verifying webhook authenticity". */
const howToVerify = [
  'To verify an event, a receiver takes the raw body, before any parsing, and',
  '  1. makes HMAC-SHA256 over "<webhook-id>.<webhook-timestamp>.<body>", keyed with the bytes that the base64 after "whsec_" stands for;',
  '  2. compares "v1," and the base64 of it, in constant time, with each signature in webhook-signature;',
  '  3. refuses a webhook-timestamp more than 5 minutes off, and passes over a webhook-id that it has seen.',
  'docs/jobs.md has that in Node and Python; libraries: https://www.standardwebhooks.com',
];
