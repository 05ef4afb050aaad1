import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import { readRequest } from '../../../worker/src/protocol/request.ts';
import type { Outcome } from '../../../worker/src/queue/outcome.ts';
import { acknowledge, noMessages, startConsumedQueue, untilAborted } from '../../helpers/worker/consumer.ts';

// Each waits for its clocks.
describe.concurrent('a message', () => {
  it('is deleted only after its handler has said so', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume, emptySoon } = consumed;
    const finish = Promise.withResolvers<Outcome>();
    const taken = Promise.withResolvers<ReceivedMessage>();
    consume((message) => {
      taken.resolve(message);
      return finish.promise;
    });
    await queue.send('{"id":"a"}', { attempt: '2' });
    const message = await taken.promise;
    expect(message).toMatchObject({ body: '{"id":"a"}', receiveCount: 1 });
    expect(message.attributes).toEqual({ attempt: '2' });
    expect(await queue.counts()).toEqual({ ...noMessages, held: 1 });
    finish.resolve(acknowledge);
    await emptySoon();
  });

  it('stays hidden for as long as its handler works, far beyond the visibility timeout', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume, emptySoon } = consumed;
    const deliveries: number[] = [];
    const finish = Promise.withResolvers<Outcome>();
    consume((message) => {
      deliveries.push(message.receiveCount);
      return finish.promise;
    });
    await queue.send('long');
    await sleep(4500);
    expect(await queue.counts()).toEqual({ ...noMessages, held: 1 });
    finish.resolve(acknowledge);
    await emptySoon();
    expect(deliveries).toEqual([1]);
  });

  it('comes back when its handler breaks', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume, emptySoon } = consumed;
    const deliveries: number[] = [];
    const { lines } = consume(async (message) => {
      deliveries.push(message.receiveCount);
      if (deliveries.length === 1) throw new Error('a mistake of ours');
      return acknowledge;
    });
    await queue.send('twice');
    await emptySoon();
    expect(deliveries).toEqual([1, 2]);
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'the message was left; it comes back after its visibility timeout' }),
    );
  });

  it('is worked on beside as many others as the setting allows, and no more', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume, emptySoon } = consumed;
    const { busy } = consume(
      async () => {
        await sleep(300);
        return acknowledge;
      },
      { jobsAtOnce: 2 },
    );
    for (let n = 0; n < 5; n += 1) await queue.send(`job ${n}`);
    await emptySoon();
    expect(busy).toEqual({ now: 0, most: 2 });
  });
});

it.concurrent('an event with several uploads becomes one message for each', async () => {
  await using consumed = await startConsumedQueue();
  const { queue, consume, emptySoon } = consumed;
  const bodies: string[] = [];
  consume(async (message) => {
    bodies.push(message.body);
    return message.body === 'all' ? { kind: 'fan-out', bodies: ['one', 'two', 'three'] } : acknowledge;
  });
  await queue.send('all');
  await vi.waitFor(() => expect(bodies).toHaveLength(4), { timeout: 5000 });
  await emptySoon();
  expect(bodies.sort()).toEqual(['all', 'one', 'three', 'two']);
});

describe.concurrent('a stop', () => {
  it('while idle ends at once, and not with the poll of twenty seconds', async () => {
    await using consumed = await startConsumedQueue();
    const { consume } = consumed;
    const { consumer } = consume(async () => acknowledge);
    await sleep(200);
    const before = performance.now();
    await consumer.stop();
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('while busy reports the handler, gives the message back at once, and costs no attempt', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume, emptySoon } = consumed;
    const started = Promise.withResolvers<void>();
    const { consumer } = consume(
      async (_, signal) => {
        started.resolve();
        await untilAborted(signal);
        return { kind: 'release' };
      },
      { visibilityTimeoutSeconds: 60 },
    );
    await queue.send('unfinished', { attempt: '2' });
    await started.promise;
    await consumer.stop();
    const next = Promise.withResolvers<ReceivedMessage>();
    const before = performance.now();
    consume(async (message) => {
      next.resolve(message);
      return acknowledge;
    });
    const message = await next.promise;
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(message.receiveCount).toBe(2);
    expect(readRequest(message).attempt).toBe(2);
    await emptySoon();
  });

  it('does not wait for a handler that hears nothing, and gives its message back all the same', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume } = consumed;
    const started = Promise.withResolvers<void>();
    const { consumer } = consume(
      () => {
        started.resolve();
        return new Promise<Outcome>(() => {});
      },
      { visibilityTimeoutSeconds: 60, handlerSecondsAfterStop: 0.5 },
    );
    await queue.send('stuck');
    await started.promise;
    await consumer.stop();
    expect(await queue.counts()).toEqual({ ...noMessages, waiting: 1 });
  });

  it('lets a handler that is just done acknowledge', async () => {
    await using consumed = await startConsumedQueue();
    const { queue, consume } = consumed;
    const started = Promise.withResolvers<void>();
    const { consumer } = consume(async (_, signal) => {
      started.resolve();
      await untilAborted(signal);
      return acknowledge;
    });
    await queue.send('done in time');
    await started.promise;
    await consumer.stop();
    expect(await queue.counts()).toEqual(noMessages);
  });
});
