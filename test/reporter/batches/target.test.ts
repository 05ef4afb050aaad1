import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../../reporter/attempt.ts';
import { BatchRecords } from '../../../reporter/batches/records.ts';
import { BatchTarget } from '../../../reporter/batches/target.ts';
import { createReporterLog } from '../../../reporter/log.ts';
import type { Report } from '../../../worker/src/protocol/report.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { running, succeeded } from '../../helpers/reports/job-states.ts';
import { type Receiver, respond, startReceiver } from '../../helpers/reports/receiver.ts';
import { useRecordStorage } from '../../helpers/reports/record-storage.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const silent = createReporterLog('error', [], () => {});
const held = useRecordStorage();

/** A reporter; several of them share what is recorded. */
const open = (url: string) =>
  new BatchTarget({
    url,
    secrets: [secret],
    allowPrivate: true,
    records: new BatchRecords(held.s3, 'records'),
    log: silent,
  });

const failed = (id: string): JobState => ({ ...succeeded(id), state: 'failed', film: undefined });
const first = { tries: 0, firstAt: new Date() };

/** Reports of the jobs of a new batch. */
function batchOf(jobs: number) {
  const batch = { id: `batch-${randomUUID().slice(0, 8)}`, jobs };
  const end = (state: JobState, requestId = 'request-1'): Report => ({
    kind: 'transition',
    state: { ...state, batch },
    requestId,
  });
  return { batch, end };
}

const events = ({ deliveries }: Receiver) => deliveries.map(({ body }) => JSON.parse(body));

describe('a batch', () => {
  it('is reported once, when as many of its jobs have ended as it has', async () => {
    await using receiver = await startReceiver();
    const { batch, end } = batchOf(3);
    const target = open(receiver.url);
    for (const state of [succeeded('a'), failed('b')]) await target.deliver(end(state), first);
    expect(receiver.deliveries).toEqual([]);
    expect(await target.deliver(end(succeeded('c')), first)).toEqual({ kind: 'done' });
    const [delivery] = receiver.deliveries;
    expect(new Webhook(secret).verify(delivery?.body ?? '', delivery?.headers ?? {})).toMatchObject({
      type: 'batch.finished',
      data: { id: batch.id, jobs: 3, succeeded: 2, failed: 1, finishedAt: expect.any(String) },
    });
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('counts an end once that is reported several times, by several reporters and in any order', async () => {
    await using receiver = await startReceiver();
    const { end } = batchOf(2);
    const [one, other] = [open(receiver.url), open(receiver.url)];
    for (const target of [one, other, one]) await target.deliver(end(succeeded('a')), first);
    expect(receiver.deliveries).toEqual([]);
    await Promise.all([one, other].map((target) => target.deliver(end(succeeded('b')), first)));
    // The same message handed out twice at the same moment: the receiver knows the repetition by its id.
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const before = receiver.deliveries.length;
    for (const state of [succeeded('a'), succeeded('b')]) await other.deliver(end(state), first);
    expect(receiver.deliveries).toHaveLength(before);
  });

  it('is reported by one of the jobs that end at the same moment', async () => {
    await using receiver = await startReceiver();
    const ids = Array.from({ length: 12 }, (_, n) => `job-${n}`);
    const { end } = batchOf(ids.length);
    await Promise.all(ids.map((id) => open(receiver.url).deliver(end(succeeded(id)), first)));
    expect(events(receiver)).toMatchObject([{ data: { succeeded: 12, failed: 0 } }]);
  });

  it('counts a job that failed and was sent again by its last request, also when the failure is reported late', async () => {
    await using receiver = await startReceiver();
    const { end } = batchOf(2);
    const target = open(receiver.url);
    const again = { ...succeeded('a'), queuedAt: '2027-01-01T00:00:00.000Z' };
    await target.deliver(end(again, 'request-2'), first);
    await target.deliver(end(failed('a')), first);
    await target.deliver(end(succeeded('b')), first);
    expect(events(receiver)).toMatchObject([{ data: { succeeded: 2, failed: 0 } }]);
  });

  it('is reported again and again until the receiver takes it', async () => {
    await using receiver = await startReceiver([respond(503), respond(503)]);
    const { end } = batchOf(1);
    const report = end(succeeded('a'));
    for (const tries of [0, 1])
      expect(await open(receiver.url).deliver(report, { ...first, tries })).toMatchObject({
        kind: 'again',
        counts: true,
      });
    expect(await open(receiver.url).deliver(report, { ...first, tries: 2 })).toEqual({ kind: 'done' });
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('says what became of its event, and is reported again when somebody asks for it', async () => {
    await using receiver = await startReceiver([respond(503), respond(410)]);
    const { batch, end } = batchOf(1);
    const report = end(succeeded('a'));
    const target = open(receiver.url);
    const records = new BatchRecords(held.s3, 'records');
    const afterwards = async (attempt: Attempt) => {
      const result = await target.deliver(report, attempt);
      if ('afterwards' in result) await result.afterwards?.();
      return result.kind;
    };
    expect(await afterwards(first)).toBe('again');
    expect(await records.readClaim(batch.id)).toMatchObject({
      status: 'waiting',
      tries: 1,
      why: expect.stringContaining('503'),
    });
    expect(await afterwards({ ...first, tries: 1 })).toBe('give-up');
    expect(await records.readClaim(batch.id)).toMatchObject({ status: 'given-up', tries: 2 });
    // The same message once more.
    expect(await afterwards({ ...first, tries: 1 })).toBe('done');
    expect(receiver.deliveries).toHaveLength(2);

    expect(await afterwards({ ...first, redeliveredAt: new Date(Date.now() + 1000) })).toBe('done');
    const claim = await records.readClaim(batch.id);
    expect(claim).toMatchObject({ status: 'delivered', settledAt: expect.any(String), report });
    expect(claim).not.toHaveProperty('why');
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(receiver.deliveries).toHaveLength(3);
  });
});

it.each<[string, Partial<Report>]>([
  ['a job without a batch', { state: succeeded('a') }],
  ['a job that is not over', { state: { ...running('a'), batch: { id: 'b', jobs: 1 } } }],
  ['what is read from status.json for a database', { kind: 'catch-up' }],
])('%s does not count', (_, report) => {
  const { end } = batchOf(1);
  expect(open('https://example.com').takes({ ...end(succeeded('a')), ...report })).toBe(false);
});
