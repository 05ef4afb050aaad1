import { describe, expect, it } from 'vitest';
import { partEvent, readEvent } from '../../../worker/src/function/events.ts';

const record = {
  messageId: 'm-1',
  receiptHandle: 'handle',
  body: '{"source":"film.mov"}',
  attributes: { ApproximateReceiveCount: '2', SentTimestamp: '1542409706888', SenderId: 'x' },
  messageAttributes: { attempt: { stringValue: '2', dataType: 'String' }, raw: { binaryValue: 'eA==' } },
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:jobs-3f1',
};

describe('an event of the function', () => {
  it('is a message of the jobs queue', () => {
    expect(readEvent({ Records: [record] }, 'call-1')).toEqual({
      queueName: 'jobs-3f1',
      message: {
        id: 'm-1',
        receiptHandle: 'handle',
        body: '{"source":"film.mov"}',
        receiveCount: 2,
        sentAt: new Date(1542409706888),
        attributes: { attempt: '2' },
      },
    });
  });

  it('is a part request that the function sent itself', () => {
    const sent = { body: '{"plan":"x"}', attributes: { attempt: '1' }, groupId: 'job-1' };
    const event = JSON.parse(JSON.stringify(partEvent(sent)));
    expect(readEvent(event, 'call-1')).toMatchObject({
      queueName: undefined,
      message: { ...sent, id: 'call-1', receiveCount: 1 },
    });
  });

  it.each([
    ['nothing', {}],
    ['two messages', { Records: [record, record] }],
    ['a test of the console', { key1: 'value1' }],
  ])('is refused with what the function takes when it is %s', (_, event) => {
    expect(() => readEvent(event, 'call-1')).toThrow(/one message of its jobs queue \(batch size 1\)/);
  });
});
