import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import { readRequest } from '../../../worker/src/protocol/request.ts';
import { Consumer, pollDelaySeconds } from '../../../worker/src/queue/consumer.ts';
import { LeaseLostError, LeaseSpentError } from '../../../worker/src/queue/lease.ts';
import type { Outcome } from '../../../worker/src/queue/outcome.ts';
import { type JobsAtOnce, Places } from '../../../worker/src/queue/places.ts';
import { createQueue } from '../../../worker/src/queue/queue.ts';
import type { Handler } from '../../../worker/src/queue/queue-binding.ts';
import {
  recordingLogger,
  startTestQueue,
  type TestQueue,
  testSqsClient,
} from '../../helpers/worker/queue.ts';

let queue: TestQueue;
const running: Consumer[] = [];

beforeAll(async () => {
  queue = await startTestQueue();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((consumer) => consumer.stop()));
  // A poll that was given up still takes one message in fauxqs, so every test gets a queue of its own.
  await queue.close();
  queue = await startTestQueue();
});
afterAll(() => queue.close());

interface Options {
  visibilityTimeoutSeconds?: number;
  jobsAtOnce?: JobsAtOnce;
  longestHoldSeconds?: number;
  handlerSecondsAfterStop?: number;
  endpoint?: string;
}

function consume(handle: Handler, options: Options = {}) {
  const { endpoint = queue.endpoint, visibilityTimeoutSeconds = 2, ...rest } = options;
  const { log, lines } = recordingLogger();
  const busy = { now: 0, most: 0 };
  const { url, deadLetterUrl } = queue;
  const only = createQueue(testSqsClient(endpoint), { url, deadLetterUrl, visibilityTimeoutSeconds });
  const consumer = new Consumer({
    lanes: [{ lane: 'normal', queues: [{ queue: only, handle }] }],
    visibilityTimeoutSeconds,
    jobsAtOnce: 1,
    log,
    protection: {
      busy: () => {
        busy.now += 1;
        busy.most = Math.max(busy.most, busy.now);
      },
      idle: () => {
        busy.now -= 1;
      },
    },
    settleSecondsAfterStop: 1,
    ...rest,
  });
  consumer.start();
  running.push(consumer);
  return { consumer, lines, busy };
}

const acknowledge: Outcome = { kind: 'acknowledge' };
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
const empty = { waiting: 0, held: 0, delayed: 0 };
const emptySoon = () =>
  vi.waitFor(async () => expect(await queue.counts()).toEqual(empty), { timeout: 8000 });

describe('a message', () => {
  it('is deleted only after its handler has said so', async () => {
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
    expect(await queue.counts()).toEqual({ ...empty, held: 1 });
    finish.resolve(acknowledge);
    await emptySoon();
  });

  it('stays hidden for as long as its handler works, far beyond the visibility timeout', async () => {
    const deliveries: number[] = [];
    consume(async (message) => {
      deliveries.push(message.receiveCount);
      await sleep(5000);
      return acknowledge;
    });
    await queue.send('long');
    await sleep(4500);
    expect(await queue.counts()).toEqual({ ...empty, held: 1 });
    await emptySoon();
    expect(deliveries).toEqual([1]);
  });

  it('comes back when its handler breaks', async () => {
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

describe('a worker that takes as many messages as its machine has idle cores for', () => {
  const machine = { cores: 4, memoryMb: 4000 };
  const never = new AbortController().signal;

  /** Each message names its film's load. A film ends when all that are to run beside it have begun. */
  function consumeFilms(together: number) {
    const begun: string[] = [];
    const all = Promise.withResolvers<void>();
    const { busy } = consume(
      async ({ body }, signal, place) => {
        const { share, memoryMb } = JSON.parse(body);
        if (share !== undefined) await place?.occupy({ share, memoryMb }, signal);
        begun.push(body);
        if (begun.length === together) all.resolve();
        await all.promise;
        return acknowledge;
      },
      { jobsAtOnce: machine },
    );
    return { busy, begun, all };
  }
  const sendFilms = async (count: number, load: object) => {
    for (let n = 0; n < count; n += 1) await queue.send(JSON.stringify({ n, ...load }));
  };

  it('makes films together that leave most of it idle', async () => {
    const { busy } = consumeFilms(3);
    await sendFilms(3, { share: 0.25, memoryMb: 100 });
    await emptySoon();
    expect(busy).toEqual({ now: 0, most: 3 });
  });

  it.each([
    ['that fills it', { share: 1, memoryMb: 100 }],
    ['that it knows nothing of', {}],
  ])('takes nothing beside a film %s', async (_, load) => {
    const { busy, begun } = consumeFilms(1);
    await sendFilms(3, load);
    await emptySoon();
    expect(begun).toHaveLength(3);
    expect(busy).toEqual({ now: 0, most: 1 });
  });

  it('begins a film that its memory is too small for when the others have ended', async () => {
    const places = new Places(machine);
    const first = await places.enter(never);
    await first.occupy({ share: 0.1, memoryMb: 100 }, never);
    const second = await places.enter(never);
    const large = { share: 1, memoryMb: machine.memoryMb };
    const begun: string[] = [];
    const beginning = second.occupy(large, never).then(() => begun.push('large'));
    await places.enter(AbortSignal.timeout(50)).catch(() => begun.push('no third one'));
    first.leave();
    await beginning;
    expect(begun).toEqual(['no third one', 'large']);
  });

  it('leaves a film that waits for memory when it stops', async () => {
    const places = new Places(machine);
    const first = await places.enter(never);
    await first.occupy({ share: 0.1, memoryMb: 100 }, never);
    const second = await places.enter(never);
    const stop = new AbortController();
    const waiting = second.occupy({ share: 1, memoryMb: machine.memoryMb }, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});

describe('a failure', () => {
  it('sends the job again with its identity, its wait and a higher attempt, and deletes the original', async () => {
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
    let deliveries = 0;
    const { log } = recordingLogger();
    const real = createQueue(queue.sqs, {
      url: queue.url,
      deadLetterUrl: `${queue.endpoint}/000000000000/no-such-queue`,
      visibilityTimeoutSeconds: 2,
    });
    const handle: Handler = async () => {
      deliveries += 1;
      return { kind: 'give-up', requestId: 'r', code: 'x', reason: 'y' };
    };
    const consumer = new Consumer({
      lanes: [{ lane: 'normal', queues: [{ queue: real, handle }] }],
      visibilityTimeoutSeconds: 2,
      jobsAtOnce: 1,
      settleSecondsAfterStop: 0.1,
      handlerSecondsAfterStop: 0.1,
      log,
      protection: { busy() {}, idle() {} },
    });
    consumer.start();
    await queue.send('precious');
    await sleep(1500);
    await consumer.stop();
    expect(deliveries).toBe(1);
    const again = await real.receive(AbortSignal.timeout(8000));
    expect(again).toMatchObject({ body: 'precious', receiveCount: 2 });
  });
});

it('an event with several uploads becomes one message for each', async () => {
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

describe('a stop', () => {
  it('while idle ends within a second', async () => {
    const { consumer } = consume(async () => acknowledge);
    await sleep(200);
    const before = performance.now();
    await consumer.stop();
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it('while busy reports the handler, gives the message back at once, and costs no attempt', async () => {
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
    expect(performance.now() - before).toBeLessThan(2000);
    expect(message.receiveCount).toBe(2);
    expect(readRequest(message).attempt).toBe(2);
    await emptySoon();
  });

  it('does not wait for a handler that hears nothing, and gives its message back all the same', async () => {
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
    const before = performance.now();
    await consumer.stop();
    expect(performance.now() - before).toBeLessThan(2500);
    expect(await queue.counts()).toEqual({ ...empty, waiting: 1 });
  });

  it('lets a handler that is just done acknowledge', async () => {
    const started = Promise.withResolvers<void>();
    const { consumer } = consume(async (_, signal) => {
      started.resolve();
      await untilAborted(signal);
      return acknowledge;
    });
    await queue.send('done in time');
    await started.promise;
    await consumer.stop();
    expect(await queue.counts()).toEqual(empty);
  });
});

describe('a lost hold', () => {
  it('aborts the job, and its message is left to the one who has it', async () => {
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
    const other = createQueue(queue.sqs, {
      url: queue.url,
      deadLetterUrl: queue.deadLetterUrl,
      visibilityTimeoutSeconds: 60,
    });
    if (held !== undefined) await other.hide(held, 0);
    const again = await other.receive(AbortSignal.timeout(5000));
    if (again !== undefined) await other.hide(again, 60);
    expect(await reason.promise).toBeInstanceOf(LeaseLostError);
    await consumer.stop();
    expect(await queue.counts()).toEqual({ ...empty, held: 1 });
  });

  it('by an outage of SQS is noticed before the message is someone else’s', async () => {
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

it('a message that is held almost as long as SQS allows is handed over in a new one', async () => {
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

describe('a queue that does not answer', () => {
  it('is asked less than once a second, and more and more seldom', () => {
    const delays = [1, 2, 3, 4, 5, 6, 50].map((failedPolls) => pollDelaySeconds(failedPolls, 0));
    expect(delays).toEqual([1, 2, 4, 8, 16, 20, 20]);
    expect(pollDelaySeconds(1, 0.999)).toBeLessThan(1.25);
  });

  it('stops nothing: work goes on when it is there again', async () => {
    const { endpoint } = queue;
    const handled: string[] = [];
    const { lines } = consume(
      async (message) => {
        handled.push(message.body);
        return acknowledge;
      },
      { endpoint: `${endpoint}` },
    );
    await queue.close();
    await sleep(2500);
    const failures = lines.filter((line) => 'failedPolls' in line);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(3);
    queue = await startTestQueue(100, Number(new URL(endpoint).port));
    await queue.send('after the outage');
    await vi.waitFor(() => expect(handled).toEqual(['after the outage']), { timeout: 8000 });
  });
});

describe('work of a higher lane', () => {
  it('is done while the current work pauses for it, and that goes on afterwards', async () => {
    const urgent = await startTestQueue();
    const { log } = recordingLogger();
    const order: string[] = [];
    const open = ({ endpoint, url, deadLetterUrl }: TestQueue) =>
      createQueue(testSqsClient(endpoint), { url, deadLetterUrl, visibilityTimeoutSeconds: 2 });
    const consumer: Consumer = new Consumer({
      lanes: [
        {
          lane: 'urgent',
          queues: [
            {
              queue: open(urgent),
              handle: async ({ body }) => {
                order.push(body);
                return acknowledge;
              },
            },
          ],
        },
        {
          lane: 'normal',
          queues: [
            {
              queue: open(queue),
              handle: async () => {
                order.push('part 1');
                await Promise.all(Array.from({ length: 9 }, (_, n) => urgent.send(`urgent ${n}`)));
                await consumer.serveAbove('normal');
                order.push('part 2');
                await consumer.serveAbove('normal');
                order.push('part 3');
                return acknowledge;
              },
            },
          ],
        },
      ],
      visibilityTimeoutSeconds: 2,
      jobsAtOnce: 1,
      log,
      protection: { busy() {}, idle() {} },
    });
    consumer.start();
    running.push(consumer);
    await queue.send('a film');
    await emptySoon();
    const part = (name: string) => order.indexOf(name);
    expect(order).toHaveLength(12);
    // No more than seven in a row, so that the film goes on.
    expect([part('part 1'), part('part 2'), part('part 3')]).toEqual([0, 8, 11]);
    expect(await urgent.counts()).toEqual(empty);
    await consumer.stop();
    await urgent.close();
  });

  it('is given back together with the work that pauses for it when the worker stops', async () => {
    const urgent = await startTestQueue();
    const { log } = recordingLogger();
    const begun = Promise.withResolvers<void>();
    const open = ({ endpoint, url, deadLetterUrl }: TestQueue) =>
      createQueue(testSqsClient(endpoint), { url, deadLetterUrl, visibilityTimeoutSeconds: 30 });
    const endless: Handler = async (_, signal) => {
      begun.resolve();
      await untilAborted(signal);
      return { kind: 'release' };
    };
    const pausing: Handler = async (_, signal) => {
      await urgent.send('urgent');
      await Promise.race([consumer.serveAbove('normal'), untilAborted(signal)]);
      return { kind: 'release' };
    };
    const consumer: Consumer = new Consumer({
      lanes: [
        { lane: 'urgent', queues: [{ queue: open(urgent), handle: endless }] },
        { lane: 'normal', queues: [{ queue: open(queue), handle: pausing }] },
      ],
      visibilityTimeoutSeconds: 30,
      jobsAtOnce: 1,
      log,
      protection: { busy() {}, idle() {} },
    });
    consumer.start();
    await queue.send('a film');
    await begun.promise;
    await consumer.stop();
    expect(await urgent.counts()).toEqual({ ...empty, waiting: 1 });
    expect(await queue.counts()).toEqual({ ...empty, waiting: 1 });
    await urgent.close();
  });
});
