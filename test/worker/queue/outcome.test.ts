import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import { readRequest, redriveRequestId, requestAttributes } from '../../../worker/src/protocol/request.ts';
import { decideFailure, retryDelaySeconds } from '../../../worker/src/queue/outcome.ts';
import { attributeText } from '../../../worker/src/queue/queue.ts';
import { anyText } from '../../helpers/any-text.ts';

const policy = { maxAttempts: 3, retryDelaySeconds: 30 };

describe('a failure', () => {
  it.each([
    ['refused', 1, { kind: 'give-up' }],
    ['refused', 3, { kind: 'give-up' }],
    ['trouble', 1, { kind: 'retry', attempt: 2, delaySeconds: 30 }],
    ['trouble', 2, { kind: 'retry', attempt: 3, delaySeconds: 60 }],
    ['trouble', 3, { kind: 'give-up' }],
    // The limit was lowered while the job waited.
    ['trouble', 7, { kind: 'give-up' }],
  ] as const)('of the kind %s at attempt %i', (kind, attempt, expected) => {
    expect(decideFailure(kind, attempt, policy, 0)).toEqual(expected);
  });

  it('is tried exactly as often as the setting says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (maxAttempts) => {
        let tries = 1;
        for (;;) {
          const decision = decideFailure('trouble', tries, { ...policy, maxAttempts }, 0.5);
          if (decision.kind === 'give-up') break;
          tries = decision.attempt;
        }
        expect(tries).toBe(maxAttempts);
      }),
    );
  });
});

it('delays grow, differ from job to job, and stay within what SQS allows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 900, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failed, first, random) => {
        const delay = retryDelaySeconds(failed, first, random);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(900);
        expect(retryDelaySeconds(failed + 1, first, random)).toBeGreaterThanOrEqual(delay);
      },
    ),
  );
  expect([1, 2, 3, 4, 5, 6].map((failed) => retryDelaySeconds(failed, 30, 0))).toEqual([
    30, 60, 120, 240, 480, 900,
  ]);
  expect(retryDelaySeconds(1, 30, 1)).toBe(36);
});

describe('the request that a message carries', () => {
  const message: ReceivedMessage = {
    id: 'm',
    body: '',
    receiptHandle: '',
    receiveCount: 1,
    sentAt: new Date('2026-01-02T03:04:05Z'),
    attributes: {},
  };

  it('is a first attempt, queued when it was sent, unless attributes say more', () => {
    expect(readRequest(message)).toEqual({ attempt: 1, queuedAt: message.sentAt });
  });

  it.each(['0', '-1', '1.5', 'two', '', '99999'])(
    'is a first attempt where the attribute says %j',
    (attempt) => {
      expect(readRequest({ ...message, attributes: { attempt, queuedAt: 'yesterday' } })).toEqual({
        attempt: 1,
        queuedAt: message.sentAt,
      });
    },
  );

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.uuid(),
        fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        (attempt, requestId, queuedAt) => {
          const attributes = requestAttributes({ attempt, requestId, queuedAt });
          expect(readRequest({ ...message, attributes })).toEqual({ attempt, requestId, queuedAt });
        },
      ),
    );
  });

  it('gets another identity when it is redriven, the same each time', () => {
    expect(redriveRequestId('a')).toBe(redriveRequestId('a'));
    expect(redriveRequestId('a')).not.toBe(redriveRequestId('b'));
  });
});

it('attribute text holds only what SQS takes, whatever a reason says', () => {
  fc.assert(
    fc.property(anyText({ maxLength: 3000 }), (text) => {
      const clean = attributeText(text);
      expect(clean.length).toBeLessThanOrEqual(1000);
      // XML 1.0 characters, as the API reference of SendMessage has them.
      expect(clean).toMatch(/^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u);
    }),
  );
  expect(attributeText('line\none\u0007')).toBe('line\none ');
});
