import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Health, type HealthCheck } from '../../../worker/src/health/health.ts';
import { JobRunner } from '../../../worker/src/job/run.ts';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { Consumer } from '../../../worker/src/queue/consumer.ts';
import type { Queue } from '../../../worker/src/queue/queue.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import type { Sink } from '../../../worker/src/report/sink.ts';
import { film } from '../../helpers/reports/job-states.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

/** A second of the simulated farm. */
const second = 2;
const { log } = recordingLogger();

/** SQS in memory: what is hidden or delayed comes back after its time. */
function memoryQueue() {
  interface Stored extends Pick<ReceivedMessage, 'body' | 'attributes'> {
    id: string;
    visibleAt: number;
    receiveCount: number;
  }
  const stored = new Map<string, Stored>();
  const dead: { body: string; attributes: Record<string, string> }[] = [];
  let sent = 0;
  const send = async ({
    body,
    attributes = {},
    delaySeconds = 0,
  }: {
    body: string;
    attributes?: Record<string, string>;
    delaySeconds?: number;
  }) => {
    const id = `m-${sent++}`;
    const visibleAt = performance.now() + delaySeconds * second;
    stored.set(id, { id, body, attributes, visibleAt, receiveCount: 0 });
  };
  const queue = {
    async receive(signal: AbortSignal) {
      for (;;) {
        signal.throwIfAborted();
        const now = performance.now();
        const next = [...stored.values()].find(({ visibleAt }) => visibleAt <= now);
        if (next !== undefined) {
          next.visibleAt = now + 600_000;
          next.receiveCount += 1;
          const { id, body, attributes, receiveCount } = next;
          return { id, body, attributes, receiveCount, receiptHandle: id, sentAt: new Date() };
        }
        await sleep(second, undefined, { signal });
      }
    },
    async hide({ id }: ReceivedMessage, seconds: number) {
      const held = stored.get(id);
      if (held !== undefined) held.visibleAt = seconds === 0 ? 0 : performance.now() + 600_000;
    },
    delete: async ({ id }: ReceivedMessage) => void stored.delete(id),
    send,
    sendToDeadLetters: async ({ body, attributes = {} }) => void dead.push({ body, attributes }),
  } as Queue;
  return { queue, send, dead, left: () => stored.size };
}

/** A worker whose work on a film takes so many seconds; a sick one fails after two. */
function startWorker(queue: Queue, { isSick }: { isSick: boolean }, sinks: readonly Sink[]) {
  const check: HealthCheck = {
    of: 'encoder',
    run: async () => {
      if (isSick) throw new Error('No capable devices found');
    },
  };
  const health = new Health([check], log);
  const transcode = async () => {
    if (!isSick) {
      await sleep(60 * second);
      return { kind: 'published' as const, film };
    }
    await sleep(2 * second);
    throw new Error('ffmpeg ended with exit code 1');
  };
  const runner = new JobRunner({
    settings: testSettings(),
    transcode,
    continueFilm: () => Promise.reject(new Error('films are not shared here')),
    isShared: async () => false,
    finishPublished: async (_job, film) => ({ kind: 'published', film }),
    isPublished: async () => false,
    reporter: createReporter({ sinks }),
    readStatus: async () => undefined,
    leaseSeconds: 60,
    stops: {
      quietSeconds: 1,
      read: async () => undefined,
      watch: (_, __, signal) => ({ signal, stopped: () => undefined, end: () => {} }),
      claim: async () => undefined,
      supersede: async () => {},
      hasSuperseded: async () => false,
      cleanUp: async () => {},
    },
    sourceRemoval: { prepare: async () => ({ remove: async () => {} }) },
    health,
    log,
  });
  const consumer = new Consumer({
    lanes: [
      { lane: 'normal', queues: [{ queue, handle: (message, signal) => runner.runJob(message, signal) }] },
    ],
    visibilityTimeoutSeconds: 120,
    jobsAtOnce: 1,
    log,
    protection: { busy() {}, idle() {} },
  });
  consumer.start();
  const ended = health.sick.then(() => consumer.stop());
  return { consumer, ended };
}

it('loses no job of sixty when one worker of four is sick and its successors are sick too', async () => {
  const { queue, send, dead, left } = memoryQueue();
  const ends = new Map<string, JobState>();
  const sink: Sink = {
    transition: (state) => void (state.state === 'succeeded' && ends.set(state.id, state)),
  };
  for (let n = 0; n < 60; n += 1)
    await send({ body: JSON.stringify({ id: `film-${n}`, source: `${n}.mp4` }) });

  const well = Array.from({ length: 3 }, () => startWorker(queue, { isSick: false }, [sink]));
  // ECS starts another in the place of the one that ended, for its machine is not replaced at once.
  let sickEnded = 0;
  let isOver = false;
  const sickPlace = (async () => {
    while (!isOver) {
      const worker = startWorker(queue, { isSick: true }, [sink]);
      await Promise.race([worker.ended.then(() => void sickEnded++), sleep(30 * second)]);
      if (isOver) await worker.consumer.stop();
      await sleep(30 * second);
    }
  })();

  while (left() > 0) await sleep(10 * second);
  isOver = true;
  await Promise.all(well.map(({ consumer }) => consumer.stop()));
  await sickPlace;

  expect(dead).toEqual([]);
  expect(ends.size).toBe(60);
  expect([...ends.values()].map(({ attempt }) => attempt)).toEqual(Array(60).fill(1));
  expect(sickEnded).toBeGreaterThan(3);
}, 60_000);
