import { setTimeout as sleep } from 'node:timers/promises';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import { createQueue, type Queue } from '../../../worker/src/queue/queue.ts';
import type { QueueBinding } from '../../../worker/src/queue/queue-binding.ts';
import { takeFirst, takeNow } from '../../../worker/src/queue/take.ts';
import { recordingLogger, startTestQueue } from '../../helpers/worker/queue.ts';

/** A queue of parts and one of jobs, for one test: a poll that was given up still takes one message in fauxqs. */
async function openQueues() {
  const service = await startTestQueue();
  const ending = new AbortController();
  const bindingOf = (url: string): QueueBinding => {
    const { deadLetterUrl } = service;
    const queue = createQueue(service.sqs, { url, deadLetterUrl, visibilityTimeoutSeconds: 30 });
    return { queue, handle: async () => ({ kind: 'acknowledge' }) };
  };
  const { QueueUrl = '' } = await service.sqs.send(new CreateQueueCommand({ QueueName: 'parts' }));
  const parts = bindingOf(QueueUrl);
  const jobs = bindingOf(service.url);
  return {
    parts,
    jobs,
    broken: bindingOf(`${service.endpoint}/000000000000/no-such-queue`),
    /** Parts come before jobs. */
    take(bindings: readonly QueueBinding[] = [parts, jobs], longestWaitSeconds?: number) {
      const abort = new AbortController();
      const { log } = recordingLogger();
      const signal = AbortSignal.any([abort.signal, ending.signal]);
      const taken = takeFirst(bindings, { signal, log, longestWaitSeconds });
      // A poll may be under way when the test ends.
      taken.catch(() => {});
      return { taken, abort };
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await service.close();
    },
  };
}

const never = new AbortController().signal;
const put = (binding: QueueBinding, body: string) => binding.queue.send({ body });
/** Another worker asks for a message, and waits for so long: less than a message stays hidden that is not given back. */
const receive = ({ queue }: QueueBinding, seconds: number) => queue.receive(never, seconds);

// Each waits for its clocks.
describe.concurrent('of several queues', () => {
  it('the first that has a message is served first', async () => {
    await using queues = await openQueues();
    const { parts, jobs, take } = queues;
    await put(jobs, 'a job');
    await put(parts, 'a part');
    const first = await take().taken;
    expect(first).toMatchObject({ binding: parts, message: { body: 'a part' } });
    const second = await take().taken;
    expect(second).toMatchObject({ binding: jobs, message: { body: 'a job' } });
  });

  it.each(['parts', 'jobs'] as const)('all are waited on where none has a message: %s', async (which) => {
    await using queues = await openQueues();
    const { parts, jobs, take } = queues;
    const { taken } = take();
    await sleep(1500);
    const binding = which === 'parts' ? parts : jobs;
    const before = performance.now();
    await put(binding, 'late');
    expect(await taken).toMatchObject({ binding, message: { body: 'late' } });
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('none may have one within the longest wait', async () => {
    await using queues = await openQueues();
    const { parts, jobs, take } = queues;
    expect(await take([parts, jobs], 1).taken).toBeUndefined();
  });

  it('one is waited on further when its wait ends sooner than it should', async () => {
    await using queues = await openQueues();
    const { parts, jobs, take } = queues;
    const hasty = { ...parts, queue: endsEmptyOnce(parts.queue) };
    const { taken } = take([hasty, jobs]);
    await sleep(1500);
    const before = performance.now();
    await put(parts, 'a part');
    expect(await taken).toMatchObject({ binding: hasty, message: { body: 'a part' } });
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('a message that came second is given back at once', async () => {
    await using queues = await openQueues();
    const { parts, jobs, take } = queues;
    const { taken } = take();
    await sleep(1500);
    await Promise.all([put(parts, 'a part'), put(jobs, 'a job')]);
    const first = await taken;
    const other = first?.binding === parts ? jobs : parts;
    expect(await receive(other, 5)).toMatchObject({ body: other === jobs ? 'a job' : 'a part' });
  });

  it('a message that comes long after another was taken is given back at once too', async () => {
    await using queues = await openQueues();
    const { parts, jobs, take } = queues;
    const { taken } = take();
    await sleep(1500);
    await put(jobs, 'a job');
    expect((await taken)?.binding).toBe(jobs);
    await sleep(500);
    await put(parts, 'a part');
    expect(await receive(parts, 5)).toMatchObject({ body: 'a part' });
  });

  it.each([0, 1500])(
    'one that is broken does not keep the others from being served (%i ms later)',
    async (ms) => {
      await using queues = await openQueues();
      const { jobs, broken, take } = queues;
      const { taken } = take([broken, jobs]);
      await sleep(ms);
      await put(jobs, 'a job');
      expect(await taken).toMatchObject({ binding: jobs, message: { body: 'a job' } });
    },
  );

  it('that one is broken is reported when no other had a message', async () => {
    await using queues = await openQueues();
    const { jobs, broken, take } = queues;
    await expect(take([broken, jobs], 1).taken).rejects.toThrow(/queue/i);
  });

  it.each([200, 1500])('a stop after %i ms ends the wait', async (ms) => {
    await using queues = await openQueues();
    const { take } = queues;
    const { taken, abort } = take();
    await sleep(ms);
    const before = performance.now();
    abort.abort(new Error('The worker was asked to stop.'));
    await expect(taken).rejects.toThrow();
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe('of many queues', () => {
  /** A queue that keeps when it was asked, and for how long. */
  function recorded(messages: string[]) {
    const asked: { atMs: number; waitSeconds: number }[] = [];
    const given: string[] = [];
    const queue = {
      receive: async (_: AbortSignal, waitSeconds = 20) => {
        asked.push({ atMs: performance.now(), waitSeconds });
        const body = messages.shift();
        if (body === undefined) await sleep(waitSeconds * 100);
        return body === undefined ? undefined : ({ id: body, body } as ReceivedMessage);
      },
      hide: async ({ body }: ReceivedMessage) => void given.push(body),
    } as unknown as Queue;
    return { binding: { queue, handle: async () => ({ kind: 'acknowledge' as const }) }, asked, given };
  }
  const { log } = recordingLogger();

  it('those that had nothing are asked together the next time', async () => {
    const empty = [recorded([]), recorded([]), recorded([])];
    const last = recorded(['first', 'second']);
    const bindings = [...empty, last].map(({ binding }) => binding);
    const options = { signal: never, log, knownEmpty: new Set<QueueBinding>() };
    expect((await takeFirst(bindings, options))?.message.body).toBe('first');
    const together = () => empty.map(({ asked }) => asked.filter(({ waitSeconds }) => waitSeconds === 1));
    const [one = [], two = []] = together();
    // One after the other, as nothing was known of them.
    expect((two[0]?.atMs ?? 0) - (one[0]?.atMs ?? 0)).toBeGreaterThan(90);
    expect((await takeFirst(bindings, options))?.message.body).toBe('second');
    const starts = together().map((asked) => asked[1]?.atMs ?? 0);
    expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(50);
  });

  it('one that had something is asked alone, so that none of its messages is handed out for nothing', async () => {
    const high = recorded(['a', 'b', 'c']);
    const low = recorded(['x']);
    const options = { signal: never, log, knownEmpty: new Set<QueueBinding>() };
    for (const body of ['a', 'b', 'c'])
      expect((await takeNow([high.binding, low.binding], options))?.message.body).toBe(body);
    expect(low.asked).toEqual([]);
    expect((await takeNow([high.binding, low.binding], options))?.message.body).toBe('x');
    expect(low.given).toEqual([]);
  });

  it('the higher one of two that were empty is served, and the message of the other is given back', async () => {
    const high = recorded([]);
    const low = recorded([]);
    const bindings = [high.binding, low.binding];
    const options = { signal: never, log, knownEmpty: new Set(bindings) };
    const again = { high: recorded(['a']), low: recorded(['x']) };
    Object.assign(high.binding, { queue: again.high.binding.queue });
    Object.assign(low.binding, { queue: again.low.binding.queue });
    expect((await takeNow(bindings, options))?.message.body).toBe('a');
    expect(again.low.given).toEqual(['x']);
  });
});

it('a single queue is waited on as it is', async () => {
  await using queues = await openQueues();
  const { jobs, take } = queues;
  const { taken } = take([jobs]);
  await put(jobs, 'a job');
  expect(await taken).toMatchObject({ binding: jobs, message: { body: 'a job' } });
});

it('without any queue nothing can be taken', async () => {
  await using queues = await openQueues();
  const { take } = queues;
  await expect(take([]).taken).rejects.toThrow('There is no queue');
});

/** The first wait after the glance comes back at once, as when another worker was sooner. */
function endsEmptyOnce(queue: Queue): Queue {
  let waits = 0;
  return {
    ...queue,
    receive: async (signal, seconds) => (++waits === 2 ? undefined : queue.receive(signal, seconds)),
  };
}
