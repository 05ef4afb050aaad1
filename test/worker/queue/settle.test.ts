import { type SendMessageCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import { readRequest, requestAttributes } from '../../../worker/src/protocol/request.ts';
import type { Outcome } from '../../../worker/src/queue/outcome.ts';
import { createQueue, MessageGoneError, type Queue } from '../../../worker/src/queue/queue.ts';
import { settle } from '../../../worker/src/queue/settle.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';

const message: ReceivedMessage = {
  id: 'm-1',
  body: '{"id":"a"}',
  receiptHandle: 'receipt',
  receiveCount: 1,
  sentAt: new Date('2026-01-02T03:04:05Z'),
  groupId: 'league',
  attributes: { attempt: '1', colour: 'blue' },
};

/** Writes down the calls, in their order; the call named `failing` fails as often as asked. */
function recordingQueue(failing?: { call: string; times: number; error?: Error }) {
  const calls: string[] = [];
  let failures = 0;
  const record = async (call: string) => {
    if (call.startsWith(failing?.call ?? 'none') && failures < (failing?.times ?? 0)) {
      failures += 1;
      calls.push(`${call} fails`);
      throw failing?.error ?? new Error('no route to host');
    }
    calls.push(call);
  };
  const queue: Queue = {
    name: 'jobs',
    receive: async () => undefined,
    hide: (_, seconds) => record(`hide ${seconds}`),
    delete: () => record('delete'),
    send: ({ body }) => record(`send ${body}`),
    sendToDeadLetters: () => record('dead letter'),
  };
  return { queue, calls };
}

const { log } = recordingLogger();
const never = new AbortController().signal;

describe('what stands in for a message is sent before the message is deleted', () => {
  const cases: [Outcome, string[]][] = [
    [{ kind: 'acknowledge' }, ['delete']],
    [{ kind: 'fan-out', bodies: ['1', '2'] }, ['send 1', 'send 2', 'delete']],
    [{ kind: 'retry', attempt: 2, requestId: 'r', delaySeconds: 30 }, ['send {"id":"a"}', 'delete']],
    [{ kind: 'hand-over', requestId: 'r', delaySeconds: 60 }, ['send {"id":"a"}', 'delete']],
    [{ kind: 'give-up', requestId: 'r', code: 'c', reason: 'why' }, ['dead letter', 'delete']],
    [{ kind: 'release' }, ['hide 0']],
    [{ kind: 'abandon' }, []],
  ];
  it.each(cases)('%j', async (outcome, expected) => {
    const { queue, calls } = recordingQueue();
    await settle(message, outcome, { queue, log, signal: never });
    expect(calls).toEqual(expected);
  });
});

describe('a queue with another one behind it', () => {
  const cases: [Outcome, string[], string[]][] = [
    [{ kind: 'pass-on', requestId: 'r' }, ['delete'], ['send {"id":"a"}']],
    [{ kind: 'retry', attempt: 2, requestId: 'r', delaySeconds: 30 }, ['delete'], ['send {"id":"a"}']],
    [{ kind: 'hand-over', requestId: 'r', delaySeconds: 0 }, ['send {"id":"a"}', 'delete'], []],
  ];
  it.each(cases)('has %j done there or here', async (outcome, here, behind) => {
    const own = recordingQueue();
    const next = recordingQueue();
    await settle(message, outcome, { queue: own.queue, next: next.queue, log, signal: never });
    expect([own.calls, next.calls]).toEqual([here, behind]);
  });
});

it('a call that fails is tried again, and nothing after it is done before it worked', async () => {
  const { queue, calls } = recordingQueue({ call: 'send', times: 1 });
  await settle(
    message,
    { kind: 'retry', attempt: 2, requestId: 'r', delaySeconds: 1 },
    { queue, log, signal: never },
  );
  expect(calls).toEqual(['send {"id":"a"} fails', 'send {"id":"a"}', 'delete']);
});

it('tries end with the signal, and the message is not deleted', async () => {
  const { queue, calls } = recordingQueue({ call: 'dead letter', times: 100 });
  const settling = settle(
    message,
    { kind: 'give-up', requestId: 'r', code: 'c', reason: 'why' },
    { queue, log, signal: AbortSignal.timeout(200) },
  );
  await expect(settling).rejects.toThrow();
  expect(calls).toEqual(['dead letter fails']);
});

it('a message that is gone is not asked for again', async () => {
  const { queue, calls } = recordingQueue({ call: 'hide', times: 9, error: new MessageGoneError('gone') });
  const settling = settle(message, { kind: 'release' }, { queue, log, signal: never });
  await expect(settling).rejects.toThrow(MessageGoneError);
  expect(calls).toEqual(['hide 0 fails']);
});

it('a retry keeps body, group, foreign attributes and identity, and is delayed', async () => {
  const sent = await sentBy({ kind: 'retry', attempt: 2, requestId: 'r-1', delaySeconds: 60 });
  expect(sent).toEqual([
    {
      QueueUrl: 'https://sqs.example/jobs',
      MessageBody: '{"id":"a"}',
      MessageGroupId: 'league',
      DelaySeconds: 60,
      MessageAttributes: {
        attempt: { DataType: 'String', StringValue: '2' },
        requestId: { DataType: 'String', StringValue: 'r-1' },
        queuedAt: { DataType: 'String', StringValue: '2026-01-02T03:04:05.000Z' },
        colour: { DataType: 'String', StringValue: 'blue' },
      },
    },
  ]);
});

it('a message that is put off says so where there is something to look at, and goes on to say so', async () => {
  const outcome: Outcome = { kind: 'hand-over', requestId: 'r-1', delaySeconds: 5 };
  const [plain] = await sentBy(outcome);
  expect(plain?.MessageAttributes?.repeat).toBeUndefined();
  const [sent] = await sentBy({ ...outcome, isRepeat: true });
  const attributes = Object.fromEntries(
    Object.entries(sent?.MessageAttributes ?? {}).map(([name, { StringValue = '' }]) => [name, StringValue]),
  );
  const again = readRequest({ ...message, attributes });
  expect(again).toMatchObject({ isRepeat: true, attempt: 1 });
  expect(requestAttributes(again)).toMatchObject({ repeat: 'true' });
});

it('a dead letter names reason and job, and starts again when it is redriven', async () => {
  const outcome: Outcome = { kind: 'give-up', requestId: 'r', jobId: 'a', code: 'too-long', reason: 'why' };
  const [first] = await sentBy(outcome);
  const [again] = await sentBy(outcome);
  expect(first).toMatchObject({ QueueUrl: 'https://sqs.example/dead', MessageGroupId: 'league' });
  expect(Object.keys(first?.MessageAttributes ?? {}).sort()).toEqual(
    ['colour', 'jobId', 'reason', 'reasonCode', 'requestId'].sort(),
  );
  expect(again).toEqual(first);
});

/** What goes over the wire, taken from the SDK's own client just before it would be sent. */
async function sentBy(outcome: Outcome): Promise<SendMessageCommandInput[]> {
  const sent: SendMessageCommandInput[] = [];
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const sqs = new SQSClient({ region: 'us-east-1', credentials, md5: false });
  sqs.middlewareStack.add(
    () => async (args) => {
      if ('MessageBody' in args.input) sent.push(args.input as SendMessageCommandInput);
      return { output: { $metadata: {} }, response: {} };
    },
    { step: 'initialize', priority: 'low' },
  );
  const queue = createQueue(sqs, {
    url: 'https://sqs.example/jobs',
    deadLetterUrl: 'https://sqs.example/dead',
    visibilityTimeoutSeconds: 120,
  });
  await settle(message, outcome, { queue, log, signal: never });
  return sent;
}
