import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Report, reportSchema } from '../../../worker/src/protocol/report.ts';
import { ReportQueue } from '../../../worker/src/report/report-queue.ts';
import { queued, running, succeeded } from '../../helpers/reports/job-states.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';

const context = { requestId: 'r', webhookUrl: 'https://example.com/hook' };

function open({ failures = 0, progress = true, progressSeconds = 10 } = {}) {
  const sent: Report[] = [];
  let left = failures;
  const send = async (body: string) => {
    await sleep(5);
    left -= 1;
    if (left >= 0) throw new Error('SQS is away');
    sent.push(reportSchema.parse(JSON.parse(body)));
  };
  const { log } = recordingLogger();
  return { queue: new ReportQueue({ send, progress, log, progressSeconds, retrySeconds: 0.01 }), sent };
}

it('sends each change of state with its request and webhook, and then says that it is secured', async () => {
  const { queue, sent } = open();
  queue.transition(running('a'), context);
  queue.transition(succeeded('a'), context);
  expect(await queue.secured('a', AbortSignal.timeout(2000))).toBe(true);
  expect(sent).toEqual([
    { kind: 'transition', state: running('a'), requestId: 'r', webhook: 'https://example.com/hook' },
    { kind: 'transition', state: succeeded('a'), requestId: 'r', webhook: 'https://example.com/hook' },
  ]);
});

it('tries until the queue has it, and is not secured before', async () => {
  const { queue, sent } = open({ failures: 5 });
  queue.transition(succeeded('a'), context);
  expect(await queue.secured('a', AbortSignal.timeout(10))).toBe(false);
  expect(await queue.secured('a', AbortSignal.timeout(2000))).toBe(true);
  expect(sent).toHaveLength(1);
});

it('still sends what the job became when other workers go on with it', async () => {
  const { queue, sent } = open({ failures: 3 });
  queue.transition(running('a'), context);
  queue.abandon('a');
  expect(await queue.secured('a', AbortSignal.timeout(2000))).toBe(true);
  expect(sent).toMatchObject([{ kind: 'transition', state: { state: 'running' } }]);
});

it('ends its tries when it is closed', async () => {
  const { queue, sent } = open({ failures: 5 });
  queue.transition(running('a'), context);
  await queue.close(AbortSignal.timeout(10));
  await sleep(80);
  expect(sent).toEqual([]);
});

it('sends progress at most once an interval, counted from the start, and only where it is wanted', async () => {
  const wanted = open({ progressSeconds: 0.05 });
  wanted.queue.transition(running('a'), context);
  wanted.queue.progress(running('a'), context);
  await sleep(70);
  wanted.queue.progress(running('a'), context);
  wanted.queue.progress(running('a'), context);
  await sleep(30);
  expect(wanted.sent.map(({ kind }) => kind)).toEqual(['transition', 'progress']);
  const unwanted = open({ progress: false });
  unwanted.queue.progress(running('a'), context);
  await sleep(30);
  expect(unwanted.sent).toEqual([]);
});

it('leaves metadata out that makes a report larger than SQS takes', async () => {
  const { queue, sent } = open();
  queue.transition(queued('a', { metadata: { text: 'x'.repeat(2 ** 20) } }), context);
  queue.transition(queued('b', { metadata: { text: 'x' } }), context);
  await Promise.all(['a', 'b'].map((job) => queue.secured(job, AbortSignal.timeout(2000))));
  expect(new Map(sent.map(({ state }) => [state.id, state.metadata]))).toEqual(
    new Map([
      ['a', undefined],
      ['b', { text: 'x' }],
    ]),
  );
});
