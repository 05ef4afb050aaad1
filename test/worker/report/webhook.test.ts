import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, vi } from 'vitest';
import type { ReportContext } from '../../../worker/src/report/sink.ts';
import { createWebhooks } from '../../../worker/src/report/webhook.ts';
import { afterTry } from '../../../worker/src/report/webhook-schedule.ts';
import { queued, running, succeeded } from '../../helpers/reports/job-states.ts';
import { type Answer, type Receiver, respond, startReceiver } from '../../helpers/reports/receiver.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';

const secret = () => `whsec_${randomBytes(32).toString('base64')}`;
const context: ReportContext = { requestId: 'request-1' };

/** The real schedule, a hundred times faster. */
const faster: typeof afterTry = (...facts) => {
  const next = afterTry(...facts);
  return next.step === 'again' ? { ...next, inSeconds: next.inSeconds / 100 } : next;
};

function open(
  options: { url?: string; secrets?: string[]; allowPrivate?: boolean; timeoutSeconds?: number } = {},
) {
  const { log, lines } = recordingLogger();
  const webhooks = createWebhooks({
    secrets: [secret()],
    allowPrivate: true,
    decide: faster,
    log,
    ...options,
  });
  return { webhooks, lines };
}

const delivered = (receiver: Receiver, count: number) =>
  vi.waitFor(() => expect(receiver.deliveries).toHaveLength(count), { timeout: 8000 });

describe('an event', () => {
  it('is verified by the published library of Standard Webhooks, with each secret while keys rotate', async () => {
    await using receiver = await startReceiver();
    const secrets = [secret(), secret()];
    const { webhooks } = open({ url: receiver.url, secrets });
    webhooks.transition(succeeded('rotated'), context);
    await delivered(receiver, 1);
    const [delivery] = receiver.deliveries;
    for (const known of secrets) {
      expect(new Webhook(known).verify(delivery?.body ?? '', delivery?.headers ?? {})).toMatchObject({
        type: 'job.succeeded',
        timestamp: succeeded('rotated').updatedAt,
        data: { id: 'rotated', state: 'succeeded', film: { playlist: 'life/index.m3u8' } },
      });
    }
    expect(() => new Webhook(secret()).verify(delivery?.body ?? '', delivery?.headers ?? {})).toThrow();
  });

  it('keeps its id through tries and redeliveries, and has the time of each try', async () => {
    await using receiver = await startReceiver([respond(500), respond(503)]);
    const first = open({ url: receiver.url });
    first.webhooks.transition(succeeded('a'), context);
    await delivered(receiver, 3);
    const other = open({ url: receiver.url });
    other.webhooks.transition(
      { ...succeeded('a'), worker: 'another', updatedAt: new Date().toISOString() },
      context,
    );
    await delivered(receiver, 4);
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const [id = ''] = receiver.deliveries.map(({ headers }) => headers['webhook-id']);
    expect(id).not.toContain('.');
  });

  it('has another id for another state, attempt, request or job', async () => {
    await using receiver = await startReceiver();
    const { webhooks } = open({ url: receiver.url });
    webhooks.transition(running('a'), context);
    webhooks.transition({ ...running('a'), attempt: 2 }, context);
    webhooks.transition(succeeded('a'), context);
    webhooks.transition(succeeded('a'), { requestId: 'request-2' });
    webhooks.transition(succeeded('b'), context);
    await delivered(receiver, 5);
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(5);
  });

  it('is none when a job goes back to the queue', async () => {
    await using receiver = await startReceiver();
    const { webhooks } = open({ url: receiver.url });
    webhooks.transition(queued('a'), context);
    webhooks.transition(running('a'), context);
    await delivered(receiver, 1);
    expect(JSON.parse(receiver.deliveries[0]?.body ?? '').type).toBe('job.running');
  });

  it('goes to the webhook that the job names, if it names one', async () => {
    await using farm = await startReceiver();
    await using own = await startReceiver();
    const { webhooks } = open({ url: farm.url });
    webhooks.transition(running('a'), { ...context, webhookUrl: own.url });
    await delivered(own, 1);
    expect(farm.deliveries).toHaveLength(0);
  });
});

describe('a receiver that', () => {
  const reset: Answer = (request) => request.socket.destroy();
  const hang: Answer = () => {};
  const slowBody: Answer = (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('.'), 50);
    response.on('close', () => clearInterval(timer));
  };
  const endlessBody: Answer = (_, response) => {
    response.writeHead(500);
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) {}
    };
    response.on('drain', more);
    more();
  };

  it.each<[string, Answer, number]>([
    ['answers 500 is asked again', respond(500), 2],
    ['answers 429 is asked again', respond(429), 2],
    ['answers 302 is asked again, and not followed', respond(302, { location: 'http://127.0.0.1:1/' }), 2],
    ['breaks the connection is asked again', reset, 2],
    ['never answers is asked again', hang, 2],
    ['answers 500 and never ends is asked again', endlessBody, 2],
    ['answers 200 and sends its body for ever has been reported', slowBody, 1],
    ['answers 201 has been reported', respond(201), 1],
  ])('%s', async (_, answer, tries) => {
    await using receiver = await startReceiver([answer]);
    const { webhooks, lines } = open({ url: receiver.url, timeoutSeconds: 0.5 });
    const before = performance.now();
    webhooks.transition(running('a'), context);
    // Nobody waits for a webhook.
    expect(performance.now() - before).toBeLessThan(50);
    await vi.waitFor(() => expect(lines.some(({ msg }) => msg === 'webhook delivered')).toBe(true), {
      timeout: 5000,
    });
    expect(receiver.deliveries).toHaveLength(tries);
  });

  it('answers 429 with Retry-After is left alone for so long', async () => {
    await using receiver = await startReceiver([respond(429, { 'retry-after': '60' })]);
    const { webhooks } = open({ url: receiver.url });
    webhooks.transition(running('a'), context);
    await delivered(receiver, 2);
    const [first, second] = receiver.deliveries;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(590);
  });

  it('answers 410 gets no more events', async () => {
    await using receiver = await startReceiver([respond(410)]);
    const { webhooks, lines } = open({ url: receiver.url });
    webhooks.transition(running('a'), context);
    await vi.waitFor(() => expect(lines.some(({ msg }) => msg === 'webhook given up')).toBe(true));
    webhooks.transition(succeeded('a'), context);
    await vi.waitFor(() =>
      expect(lines.some(({ msg }) => msg === 'not sent: the receiver is gone')).toBe(true),
    );
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('fails for ever is given up after nine tries, and the log keeps the event', async () => {
    await using receiver = await startReceiver(Array.from({ length: 20 }, () => respond(500)));
    const { log, lines } = recordingLogger();
    const decide: typeof afterTry = (...facts) => {
      const next = afterTry(...facts);
      return next.step === 'again' ? { ...next, inSeconds: 0 } : next;
    };
    const webhooks = createWebhooks({
      url: receiver.url,
      secrets: [secret()],
      allowPrivate: true,
      log,
      decide,
    });
    webhooks.transition(succeeded('lost'), context);
    await vi.waitFor(() => expect(lines.some(({ msg }) => msg === 'webhook given up')).toBe(true), {
      timeout: 5000,
    });
    expect(receiver.deliveries).toHaveLength(9);
    const givenUp = lines.find(({ msg }) => msg === 'webhook given up');
    expect(givenUp).toMatchObject({ job: 'lost', tries: 9, event: receiver.deliveries[0]?.body });
  });
});

describe('at the worker’s end', () => {
  it('a waiting event is tried once more at once', async () => {
    await using receiver = await startReceiver([respond(500), respond(500)]);
    const { log, lines } = recordingLogger();
    const webhooks = createWebhooks({ url: receiver.url, secrets: [secret()], allowPrivate: true, log });
    webhooks.transition(succeeded('a'), context);
    await vi.waitFor(() => expect(lines.some(({ msg }) => String(msg).includes('again later'))).toBe(true));
    const before = performance.now();
    await webhooks.close?.(AbortSignal.timeout(3000));
    expect(performance.now() - before).toBeLessThan(1500);
    expect(receiver.deliveries).toHaveLength(2);
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'webhook not delivered before the stop', level: 50 }),
    );
  });

  it('a receiver that hangs holds up no one beyond the limit', async () => {
    await using receiver = await startReceiver([() => {}]);
    const { webhooks } = open({ url: receiver.url });
    webhooks.transition(succeeded('a'), context);
    await delivered(receiver, 1);
    const before = performance.now();
    await webhooks.close?.(AbortSignal.timeout(300));
    expect(performance.now() - before).toBeLessThan(1500);
  });
});
