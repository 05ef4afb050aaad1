import { describe, expect, it } from 'vitest';
import { acknowledge, noMessages, startConsumedQueue, untilAborted } from '../../helpers/worker/consumer.ts';
import { startTestQueue } from '../../helpers/worker/queue.ts';

describe('work of a higher lane', () => {
  it('is done while the current work pauses for it, and that goes on afterwards', async () => {
    await using urgent = await startTestQueue();
    await using consumed = await startConsumedQueue();
    const { queue, consume, emptySoon } = consumed;
    const order: string[] = [];
    const { consumer } = consume(
      async () => {
        order.push('part 1');
        await Promise.all(Array.from({ length: 9 }, (_, n) => urgent.send(`urgent ${n}`)));
        await consumer.serveAbove('normal');
        order.push('part 2');
        await consumer.serveAbove('normal');
        order.push('part 3');
        return acknowledge;
      },
      {
        above: [
          {
            lane: 'urgent',
            queue: urgent,
            handle: async ({ body }) => {
              order.push(body);
              return acknowledge;
            },
          },
        ],
      },
    );
    await queue.send('a film');
    await emptySoon();
    const part = (name: string) => order.indexOf(name);
    expect(order).toHaveLength(12);
    // No more than seven in a row, so that the film goes on.
    expect([part('part 1'), part('part 2'), part('part 3')]).toEqual([0, 8, 11]);
    expect(await urgent.counts()).toEqual(noMessages);
  });

  it('is given back together with the work that pauses for it when the worker stops', async () => {
    await using urgent = await startTestQueue();
    await using consumed = await startConsumedQueue();
    const { queue, consume } = consumed;
    const begun = Promise.withResolvers<void>();
    const { consumer } = consume(
      async (_, signal) => {
        await urgent.send('urgent');
        await Promise.race([consumer.serveAbove('normal'), untilAborted(signal)]);
        return { kind: 'release' };
      },
      {
        visibilityTimeoutSeconds: 30,
        above: [
          {
            lane: 'urgent',
            queue: urgent,
            handle: async (_, signal) => {
              begun.resolve();
              await untilAborted(signal);
              return { kind: 'release' };
            },
          },
        ],
      },
    );
    await queue.send('a film');
    await begun.promise;
    await consumer.stop();
    expect(await urgent.counts()).toEqual({ ...noMessages, waiting: 1 });
    expect(await queue.counts()).toEqual({ ...noMessages, waiting: 1 });
  });
});
