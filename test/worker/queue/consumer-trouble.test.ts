import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import { readRequest } from '../../../worker/src/protocol/request.ts';
import { pollDelaySeconds } from '../../../worker/src/queue/consumer.ts';
import { LeaseLostError, LeaseSpentError } from '../../../worker/src/queue/lease.ts';
import { createQueue } from '../../../worker/src/queue/queue.ts';
import { acknowledge, noMessages, startConsumedQueue, untilAborted } from '../../helpers/worker/consumer.ts';
import { startTestQueue, type TestQueue } from '../../helpers/worker/queue.ts';

/** As another worker has it. */
const bareQueue = ({ sqs, url, deadLetterUrl }: TestQueue) =>
  createQueue(sqs, { url, deadLetterUrl, visibilityTimeoutSeconds: 60 });

// Each waits for its clocks.
describe.concurrent('a failure', () => {
  it('sends the job again with its identity, its wait and a higher attempt, and deletes the original', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume, emptySoon } = consumed;
    const seen: ReceivedMessage[] = [];
    consume(async (message) => {
      seen.push(message);
      if (seen.length > 1) return acknowledge;
      return { kind: 'retry', attempt: 2, requestId: 'r-1', delaySeconds: 1 };
    });
    await queue.send('{"id":"a"}', { colour: 'blue' });
    await vi.waitFor(() => expect(seen).toHaveLength(2), { timeout: 5000 });
    await emptySoon();
    const [first, second] = seen as [ReceivedMessage, ReceivedMessage];
    expect(second).toMatchObject({ body: '{"id":"a"}', receiveCount: 1 });
    expect(second.attributes).toMatchObject({ attempt: '2', requestId: 'r-1', colour: 'blue' });
    expect(readRequest(second).queuedAt).toEqual(first.sentAt);
    expect(second.sentAt.getTime()).toBeGreaterThanOrEqual(first.sentAt.getTime());
  });

  it('for good moves the body unchanged to the dead letters with the reason, at once', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume, emptySoon } = consumed;
    consume(async () => ({
      kind: 'give-up',
      requestId: 'r-1',
      jobId: 'a',
      code: 'not-media',
      reason: 'The file is a\u0000 picture.',
    }));
    await queue.send('{"id": "a"}', { attempt: '3', requestId: 'r-1', colour: 'blue' });
    await emptySoon();
    const deadLetters = await queue.deadLetters();
    expect(deadLetters).toEqual([
      {
        body: '{"id": "a"}',
        attributes: {
          reason: 'The file is a  picture.',
          reasonCode: 'not-media',
          jobId: 'a',
          colour: 'blue',
          requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
        },
      },
    ]);
    expect(deadLetters[0]?.attributes.requestId).not.toBe('r-1');
  });

  it('to send keeps the original on the queue', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume } = consumed;
    const deliveries: string[] = [];
    const { consumer } = consume(
      async ({ body }) => {
        deliveries.push(body);
        return { kind: 'give-up', requestId: 'r', code: 'x', reason: 'y' };
      },
      {
        deadLetterUrl: `${queue.endpoint}/000000000000/no-such-queue`,
        settleSecondsAfterStop: 0.1,
        handlerSecondsAfterStop: 0.1,
      },
    );
    await queue.send('precious');
    await sleep(1500);
    await consumer.stop();
    expect(deliveries).toEqual(['precious']);
    const again = await bareQueue(queue).receive(AbortSignal.timeout(8000));
    expect(again).toMatchObject({ body: 'precious', receiveCount: 2 });
  });
});

describe.concurrent('a lost hold', () => {
  it('aborts the job, and its message is left to the one who has it', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume } = consumed;
    const reason = Promise.withResolvers<unknown>();
    let held: ReceivedMessage | undefined;
    const { consumer } = consume(async (message, signal) => {
      held = message;
      await untilAborted(signal);
      reason.resolve(signal.reason);
      return acknowledge;
    });
    await queue.send('contested');
    await vi.waitFor(() => expect(held).toBeDefined(), { timeout: 3000 });
    // Someone with the same receipt gives it back, as SQS does when the visibility has run out.
    const other = bareQueue(queue);
    if (held !== undefined) await other.hide(held, 0);
    const again = await other.receive(AbortSignal.timeout(5000));
    if (again !== undefined) await other.hide(again, 60);
    expect(await reason.promise).toBeInstanceOf(LeaseLostError);
    await consumer.stop();
    expect(await queue.counts()).toEqual({ ...noMessages, held: 1 });
  });

  it('by an outage of SQS is noticed before the message is someone else’s', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume } = consumed;
    const reason = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    consume(async (_, signal) => {
      started.resolve();
      await untilAborted(signal);
      reason.resolve(signal.reason);
      return acknowledge;
    });
    await queue.send('cut off');
    await started.promise;
    const before = performance.now();
    await queue.close();
    expect(await reason.promise).toBeInstanceOf(LeaseLostError);
    expect(performance.now() - before).toBeLessThan(2500);
  });
});

it.concurrent('a message that is held almost as long as SQS allows is handed over in a new one', async () => {
  await using consumed = await startConsumedQueue();
  const { queue, consume, emptySoon } = consumed;
  const seen: ReceivedMessage[] = [];
  consume(
    async (message, signal) => {
      seen.push(message);
      if (seen.length > 1) return acknowledge;
      await untilAborted(signal);
      expect(signal.reason).toBeInstanceOf(LeaseSpentError);
      return { kind: 'hand-over', requestId: 'r-1', delaySeconds: 0 };
    },
    { longestHoldSeconds: 6 },
  );
  await queue.send('endless', { attempt: '2' });
  await vi.waitFor(() => expect(seen).toHaveLength(2), { timeout: 8000 });
  expect(seen[1]).toMatchObject({ body: 'endless', receiveCount: 1 });
  expect(seen[1]?.attributes).toMatchObject({ attempt: '2', requestId: 'r-1' });
  await emptySoon();
});

describe.concurrent('a queue that does not answer', () => {
  it('is asked less than once a second, and more and more seldom', () => {
    const delays = [1, 2, 3, 4, 5, 6, 50].map((failedPolls) => pollDelaySeconds(failedPolls, 0));
    expect(delays).toEqual([1, 2, 4, 8, 16, 20, 20]);
    expect(pollDelaySeconds(1, 0.999)).toBeLessThan(1.25);
  });

  it('stops nothing: work goes on when it is there again', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume } = consumed;
    const handled: string[] = [];
    const { lines } = consume(async (message) => {
      handled.push(message.body);
      return acknowledge;
    });
    await queue.close();
    await sleep(2500);
    const failures = lines.filter((line) => 'failedPolls' in line);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(3);
    await using again = await startTestQueue(100, Number(new URL(queue.endpoint).port));
    await again.send('after the outage');
    await vi.waitFor(() => expect(handled).toEqual(['after the outage']), { timeout: 8000 });
  });
});
