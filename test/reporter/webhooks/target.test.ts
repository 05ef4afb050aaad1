import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { Attempt, TargetResult } from '../../../reporter/attempt.ts';
import { createReporterLog } from '../../../reporter/log.ts';
import { DeliveryRecords } from '../../../reporter/webhooks/records.ts';
import { WebhookTarget, type WebhookTargetOptions } from '../../../reporter/webhooks/target.ts';
import type { Report } from '../../../worker/src/protocol/report.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { at, queued, running, succeeded } from '../../helpers/reports/job-states.ts';
import { type Answer, type Receiver, respond, startReceiver } from '../../helpers/reports/receiver.ts';
import { useRecordStorage } from '../../helpers/reports/record-storage.ts';
import { until } from '../../helpers/until.ts';

const secret = () => `whsec_${randomBytes(32).toString('base64')}`;
const silent = createReporterLog('error', [], () => {});
const held = useRecordStorage();

/** A reporter's webhooks; several of them share their records. */
function open(options: Partial<WebhookTargetOptions> & { url: string }) {
  const records = new DeliveryRecords(held.s3, 'records');
  const target = new WebhookTarget({
    secrets: [secret()],
    allowPrivate: true,
    records,
    log: silent,
    ...options,
  });
  return { target, records };
}

const jobName = () => `job-${randomUUID().slice(0, 8)}`;
const reportOf = (state: JobState, more: Partial<Report> = {}): Report => ({
  kind: 'transition',
  state,
  requestId: 'request-1',
  ...more,
});
const first = (): Attempt => ({ tries: 0, firstAt: new Date() });

/** What the handler does after a try: the message of the next one is sent first. */
async function settle(result: TargetResult): Promise<TargetResult> {
  if (result.kind !== 'done') await result.afterwards?.();
  return result;
}

const types = ({ deliveries }: Receiver) => deliveries.map(({ body }) => JSON.parse(body).type as string);

describe('an event', () => {
  it('is verified by the published library of Standard Webhooks, with each secret while keys rotate', async () => {
    await using receiver = await startReceiver();
    const secrets = [secret(), secret()];
    const { target } = open({ url: receiver.url, secrets });
    const id = jobName();
    await target.deliver(reportOf(succeeded(id)), first());
    const [delivery] = receiver.deliveries;
    for (const known of secrets) {
      expect(new Webhook(known).verify(delivery?.body ?? '', delivery?.headers ?? {})).toMatchObject({
        type: 'job.succeeded',
        timestamp: succeeded(id).updatedAt,
        data: { id, state: 'succeeded', film: { playlist: 'life/index.m3u8' } },
      });
    }
    expect(() => new Webhook(secret()).verify(delivery?.body ?? '', delivery?.headers ?? {})).toThrow();
  });

  it('is posted once, however often and to whichever reporter its message comes', async () => {
    await using receiver = await startReceiver();
    const report = reportOf(succeeded(jobName()));
    const reporters = [open({ url: receiver.url }), open({ url: receiver.url })];
    for (let copies = 0; copies < 3; copies += 1) {
      for (const { target } of reporters) await target.deliver(report, first());
    }
    expect(types(receiver)).toEqual(['job.succeeded']);
  });

  it('is posted by one reporter when two have its message at the same moment', async () => {
    const slow: Answer = (_, response) => void setTimeout(() => response.writeHead(204).end(), 300);
    await using receiver = await startReceiver([slow]);
    const report = reportOf(succeeded(jobName()));
    const results = await Promise.all(
      [open({ url: receiver.url }), open({ url: receiver.url })].map(({ target }) =>
        target.deliver(report, first()),
      ),
    );
    expect(results.map(({ kind }) => kind).sort()).toEqual(['again', 'done']);
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('keeps its id through tries, and has the time of each', async () => {
    await using receiver = await startReceiver([respond(500)]);
    const { target } = open({ url: receiver.url });
    const report = reportOf(succeeded(jobName()));
    await settle(await target.deliver(report, first()));
    await target.deliver(report, { ...first(), tries: 1 });
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(receiver.deliveries).toHaveLength(2);
  });

  it('has another id for another state, attempt, request or job', async () => {
    await using receiver = await startReceiver();
    const { target } = open({ url: receiver.url });
    const id = jobName();
    await target.deliver(reportOf({ ...running(id), sequence: 1 }), first());
    await target.deliver(reportOf({ ...running(id), attempt: 2, sequence: 2 }), first());
    await target.deliver(reportOf({ ...succeeded(id), sequence: 3 }), first());
    const later = { ...succeeded(id), queuedAt: at(60).toISOString() };
    await target.deliver(reportOf(later, { requestId: 'request-2' }), first());
    await target.deliver(reportOf(succeeded(jobName())), first());
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(5);
  });

  it('is none when a job goes back to the queue, and none for progress', async () => {
    await using receiver = await startReceiver();
    const { target } = open({ url: receiver.url });
    expect(await target.deliver(reportOf(queued(jobName())), first())).toEqual({ kind: 'done' });
    expect(target.takes(reportOf(running('a'), { kind: 'progress' }))).toBe(false);
    expect(receiver.deliveries).toEqual([]);
  });

  it('goes to the webhook that the job names, if it names one', async () => {
    await using farm = await startReceiver();
    await using own = await startReceiver();
    const { target } = open({ url: farm.url });
    await target.deliver(reportOf(running(jobName()), { webhook: own.url }), first());
    expect([farm.deliveries.length, own.deliveries.length]).toEqual([0, 1]);
  });
});

describe('the events of one job', () => {
  it('come in their order: the end waits while an earlier event is tried again', async () => {
    await using receiver = await startReceiver([respond(500)]);
    const { target } = open({ url: receiver.url });
    const id = jobName();
    const start = reportOf({ ...running(id), sequence: 1 });
    const end = reportOf({ ...succeeded(id), sequence: 2 });
    await settle(await target.deliver(start, first()));
    const held = await target.deliver(end, first());
    expect(held).toMatchObject({
      kind: 'again',
      counts: false,
      why: expect.stringContaining('earlier event'),
    });
    await target.deliver(start, { ...first(), tries: 1 });
    await target.deliver(end, first());
    expect(types(receiver)).toEqual(['job.running', 'job.running', 'job.succeeded']);
  });

  it('go on without one that was stuck for an hour, and it is not posted after them', async () => {
    await using receiver = await startReceiver([respond(500)]);
    const { target, records } = open({ url: receiver.url });
    const id = jobName();
    const anHourAgo = { tries: 0, firstAt: new Date(Date.now() - 3_600_001) };
    const start = reportOf({ ...running(id), sequence: 1 });
    await settle(await target.deliver(start, anHourAgo));
    await target.deliver(reportOf({ ...succeeded(id), sequence: 2 }), first());
    expect(await target.deliver(start, { ...anHourAgo, tries: 1 })).toEqual({ kind: 'done' });
    expect(types(receiver)).toEqual(['job.running', 'job.succeeded']);
    const record = await records.read(id);
    expect(record?.deliveries.map(({ state, status }) => [state, status])).toEqual([
      ['running', 'overtaken'],
      ['succeeded', 'delivered'],
    ]);
  });

  it('that come in the wrong order are posted up to the newest alone', async () => {
    await using receiver = await startReceiver();
    const { target } = open({ url: receiver.url });
    const id = jobName();
    await target.deliver(reportOf({ ...succeeded(id), sequence: 2 }), first());
    await target.deliver(reportOf({ ...running(id), sequence: 1 }), first());
    // Of a worker whose clock is ahead: nothing follows an end.
    await target.deliver(reportOf({ ...running(id), attempt: 2, sequence: 9e15 }), first());
    expect(types(receiver)).toEqual(['job.succeeded']);
  });

  it('are not posted after a newer one that may have arrived', async () => {
    await using receiver = await startReceiver();
    const id = jobName();
    let minutes = 0;
    const clock = () => at(minutes * 60);
    const { target, records } = open({ url: receiver.url, clock });
    const attempt = (): Attempt => ({ tries: 0, firstAt: clock() });
    const older = reportOf({ ...running(id), sequence: 1 });
    const newer = reportOf({ ...succeeded(id), sequence: 2 });
    // Storage takes what is written before the post, and not what is written after it.
    const update = records.update.bind(records);
    let writes = 0;
    records.update = async (...args) => {
      if (++writes === 2) throw new Error('storage is away');
      return update(...args);
    };
    await expect(target.deliver(newer, attempt())).rejects.toThrow('storage is away');
    expect(await target.deliver(older, attempt())).toMatchObject({ kind: 'again', counts: false });
    // The reporter's time for that try is over.
    minutes = 2;
    expect(await target.deliver(older, attempt())).toMatchObject({ kind: 'again', counts: false });
    // The message of the newer one comes back, and waits for nothing.
    expect(await target.deliver(newer, attempt())).toEqual({ kind: 'done' });
    expect(await target.deliver(older, attempt())).toEqual({ kind: 'done' });
    expect(types(receiver)).toEqual(['job.succeeded', 'job.succeeded']);
    expect((await records.read(id))?.deliveries.map(({ status }) => status)).toEqual([
      'overtaken',
      'delivered',
    ]);
  });

  it('do not overtake one that is being posted, however long it was stuck', async () => {
    const slow: Answer = (_, response) => void setTimeout(() => response.writeHead(204).end(), 300);
    await using receiver = await startReceiver([slow]);
    const id = jobName();
    const clock = () => at(3 * 3600);
    const { target } = open({ url: receiver.url, clock });
    const hoursAgo = (): Attempt => ({ tries: 0, firstAt: at(0) });
    const older = target.deliver(reportOf({ ...running(id), sequence: 1 }), hoursAgo());
    await until(() => receiver.deliveries.length === 1, 'the older one to be posted');
    const newer = reportOf({ ...succeeded(id), sequence: 2 });
    expect(await target.deliver(newer, hoursAgo())).toMatchObject({ kind: 'again', counts: false });
    expect(await older).toEqual({ kind: 'done' });
    expect(await target.deliver(newer, hoursAgo())).toEqual({ kind: 'done' });
  });

  it('are delivered once more when somebody asks for it', async () => {
    await using receiver = await startReceiver();
    const { target, records } = open({ url: receiver.url });
    const id = jobName();
    await target.deliver(reportOf(succeeded(id)), first());
    const newest = (await records.read(id))?.newest;
    const again = { ...first(), redeliveredAt: new Date(Date.now() + 10) };
    await target.deliver(newest as Report, again);
    expect(types(receiver)).toEqual(['job.succeeded', 'job.succeeded']);
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

  it.each<[string, Answer, TargetResult['kind']]>([
    ['answers 500 is tried again', respond(500), 'again'],
    ['answers 429 is tried again', respond(429), 'again'],
    [
      'answers 302 is tried again, and not followed',
      respond(302, { location: 'http://127.0.0.1:1/' }),
      'again',
    ],
    ['breaks the connection is tried again', reset, 'again'],
    ['never answers is tried again', hang, 'again'],
    ['answers 500 and never ends is tried again', endlessBody, 'again'],
    ['answers 200 and sends its body for ever has taken the event', slowBody, 'done'],
    ['answers 201 has taken the event', respond(201), 'done'],
    ['answers 410 is given up', respond(410), 'give-up'],
  ])('%s', async (_, answer, kind) => {
    await using receiver = await startReceiver([answer]);
    const { target } = open({ url: receiver.url, timeoutSeconds: 0.5 });
    const result = await target.deliver(reportOf(running(jobName())), first());
    expect(result.kind).toBe(kind);
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('answers 429 with Retry-After is left alone for that time', async () => {
    await using receiver = await startReceiver([respond(429, { 'retry-after': '60' })]);
    const { target } = open({ url: receiver.url });
    const result = await target.deliver(reportOf(running(jobName())), first());
    expect(result).toMatchObject({ kind: 'again', counts: true, inSeconds: 60 });
  });

  it('fails nine times is given up, and the record says why', async () => {
    await using receiver = await startReceiver(Array.from({ length: 9 }, () => respond(500)));
    const { target, records } = open({ url: receiver.url });
    const id = jobName();
    const results: string[] = [];
    for (let tries = 0; tries < 9; tries += 1) {
      const result = await settle(await target.deliver(reportOf(succeeded(id)), { ...first(), tries }));
      results.push(result.kind);
    }
    expect(results).toEqual([...Array(8).fill('again'), 'give-up']);
    expect((await records.read(id))?.deliveries).toMatchObject([
      { status: 'given-up', why: 'the receiver answered 500 at try 9, the last' },
    ]);
    expect(receiver.deliveries.length).toBeLessThan(9);
  });

  it('is down is left alone after some failures, while others get theirs', async () => {
    await using broken = await startReceiver(Array.from({ length: 30 }, () => respond(503)));
    await using well = await startReceiver();
    const { target } = open({ url: well.url });
    for (let job = 0; job < 20; job += 1) {
      const result = await target.deliver(reportOf(succeeded(jobName()), { webhook: broken.url }), first());
      expect(result).toMatchObject({ kind: 'again', counts: true });
      await target.deliver(reportOf(succeeded(jobName())), first());
    }
    expect(broken.deliveries.length).toBeLessThan(6);
    expect(well.deliveries).toHaveLength(20);
  });
});
