import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WebhookAnswer } from '../../../reporter/webhooks/request.ts';
import { afterTry, retryAfterSeconds, triesAfterSeconds } from '../../../reporter/webhooks/schedule.ts';

const now = new Date('2026-01-02T03:04:05Z');
const status = (code: number, retryAfter?: string): WebhookAnswer => ({
  kind: 'status',
  status: code,
  body: '',
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

it('success is 2xx and nothing else', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), (code) => {
      const delivered = afterTry(status(code), 1, now, 0).step === 'delivered';
      expect(delivered).toBe(code >= 200 && code < 300);
    }),
  );
});

it('there are at least eight tries over at least a day', () => {
  expect(triesAfterSeconds.length).toBeGreaterThanOrEqual(8);
  expect(triesAfterSeconds.reduce<number>((sum, seconds) => sum + seconds, 0)).toBeGreaterThanOrEqual(
    24 * 3600,
  );
});

it('each try waits its turn and up to a fifth more, and the last is followed by none', () => {
  for (let tries = 1; tries < triesAfterSeconds.length; tries += 1) {
    const wait = triesAfterSeconds[tries] ?? 0;
    expect(afterTry(status(500), tries, now, 0)).toMatchObject({ step: 'again', inSeconds: wait });
    expect(afterTry(status(500), tries, now, 1)).toMatchObject({ step: 'again', inSeconds: wait * 1.2 });
  }
  expect(afterTry(status(500), triesAfterSeconds.length, now, 0)).toMatchObject({
    step: 'give-up',
    gone: false,
  });
});

it('410 and forbidden addresses end the tries at once', () => {
  expect(afterTry(status(410), 1, now, 0)).toMatchObject({ step: 'give-up', gone: true });
  const forbidden: WebhookAnswer = { kind: 'forbidden', error: new Error('private') };
  expect(afterTry(forbidden, 1, now, 0)).toEqual({ step: 'give-up', gone: false, why: 'private' });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120],
    ['0', 1],
    ['999999', 86_400],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 60],
    ['Thu, 01 Jan 2026 00:00:00 GMT', 1],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 86_400],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
  ])('%j means %j seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });

  it('lengthens a wait and never shortens it', () => {
    expect(afterTry(status(429, '3600'), 1, now, 0)).toMatchObject({ inSeconds: 3600 });
    expect(afterTry(status(503, '1'), 4, now, 0)).toMatchObject({ inSeconds: 1800 });
  });
});
