import { expect, it } from 'vitest';
import type { Attempt, Target, TargetResult } from '../../reporter/attempt.ts';
import { createHandler, type ReportTarget } from '../../reporter/handle.ts';
import { createReporterLog } from '../../reporter/log.ts';
import type { ReportMessage } from '../../reporter/queue.ts';
import type { Report } from '../../worker/src/protocol/report.ts';
import { at, running, succeeded } from '../helpers/reports/job-states.ts';

const now = at(1000);
const report: Report = { kind: 'transition', state: succeeded('a'), requestId: 'r' };

/** A handler whose targets end as given; `happened` has what it did in order. */
function open(results: Partial<Record<Target, TargetResult>>) {
  const happened: string[] = [];
  const sent: { body: string; attributes: Record<string, string>; delaySeconds: number }[] = [];
  const dead: Record<string, string>[] = [];
  const ages: number[] = [];
  const tries: Attempt[] = [];
  const target = (name: Target): ReportTarget => ({
    takes: ({ kind }) => name === 'database' || kind === 'transition',
    async deliver(_, attempt) {
      tries.push(attempt);
      happened.push(`deliver ${name}`);
      return results[name] ?? { kind: 'done' };
    },
  });
  const handle = createHandler({
    queue: {
      async send(body, attributes = {}, delaySeconds = 0) {
        happened.push('send');
        sent.push({ body, attributes: { ...attributes }, delaySeconds });
      },
      async sendToDeadLetters(_, attributes) {
        happened.push('dead letter');
        dead.push({ ...attributes });
      },
    },
    targets: new Map([...(['webhook', 'database'] as const)].map((name) => [name, target(name)])),
    log: createReporterLog('error', [], () => {}),
    onFailure: (age) => void ages.push(age),
    clock: () => now,
  });
  const message = (
    attributes: Record<string, string> = {},
    body = JSON.stringify(report),
  ): ReportMessage => ({
    body,
    attributes,
    sentAt: at(990),
    receiptHandle: 'handle',
  });
  return { handle, message, happened, sent, dead, ages, tries };
}

it('tries every target of a worker’s message, and only the one that a retry is for', async () => {
  const { handle, message, happened } = open({});
  await handle(message());
  expect(happened).toEqual(['deliver webhook', 'deliver database']);
  await handle(message({ target: 'database', tries: '2' }));
  expect(happened.slice(2)).toEqual(['deliver database']);
});

it('sends a failed target’s retry before it is written down, for that target alone', async () => {
  const done: string[] = [];
  const { handle, message, happened, sent, ages } = open({
    webhook: {
      kind: 'again',
      inSeconds: 300,
      counts: true,
      why: 'down',
      afterwards: async () => void done.push(`written after ${happened.at(-1)}`),
    },
  });
  await handle(message({ tries: '2' }));
  expect(sent).toEqual([
    {
      body: JSON.stringify(report),
      attributes: {
        target: 'webhook',
        tries: '3',
        firstAt: at(990).toISOString(),
        dueAt: at(1300).toISOString(),
      },
      delaySeconds: 300,
    },
  ]);
  expect(done).toEqual(['written after send']);
  expect(ages).toEqual([10]);
});

it('does not count a try that was not made', async () => {
  const { handle, message, sent, ages } = open({
    webhook: { kind: 'again', inSeconds: 2, counts: false, why: 'an earlier event waits' },
  });
  await handle(message({ tries: '2' }));
  expect(sent[0]?.attributes).toMatchObject({ tries: '2' });
  expect(ages).toEqual([]);
});

it('sends a message on that comes before its time, as SQS delays by 15 minutes at most', async () => {
  const { handle, message, happened, sent } = open({});
  await handle(message({ target: 'webhook', tries: '5', dueAt: at(1000 + 7200).toISOString() }));
  expect(happened).toEqual(['send']);
  expect(sent[0]).toMatchObject({
    delaySeconds: 7200,
    attributes: { tries: '5', dueAt: at(8200).toISOString() },
  });
});

it('puts what is given up among the dead letters with its reason, and what is not a report', async () => {
  const { handle, message, dead } = open({
    webhook: { kind: 'give-up', code: 'gone', why: 'the receiver answered 410' },
  });
  await handle(message());
  await handle(message({}, '{"half":'));
  expect(dead).toEqual([
    { target: 'webhook', jobId: 'a', reason: 'the receiver answered 410', reasonCode: 'gone' },
    { reason: 'not a report', reasonCode: 'unreadable' },
  ]);
});

it('drops progress that could not be written: newer progress follows', async () => {
  const { handle, message, happened } = open({
    database: { kind: 'again', inSeconds: 5, counts: true, why: 'down' },
  });
  const progress: Report = { kind: 'progress', state: running('a'), requestId: 'r' };
  await handle(message({}, JSON.stringify(progress)));
  expect(happened).toEqual(['deliver database']);
});
