import { expect, it } from 'vitest';
import { InOrder } from '../../reporter/in-order.ts';
import type { ReportMessage } from '../../reporter/queue.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { at, running, succeeded } from '../helpers/reports/job-states.ts';

function message(state: JobState): ReportMessage {
  const body = JSON.stringify({ kind: 'transition', state, requestId: 'r' });
  return { body, attributes: {}, sentAt: at(0), receiptHandle: `${state.id} ${state.state}` };
}

it('handles what comes together of one job in its order, and does not wait for other jobs', async () => {
  const began: string[] = [];
  const slow = Promise.withResolvers<void>();
  const inOrder = new InOrder(async ({ receiptHandle }: ReportMessage) => {
    began.push(receiptHandle);
    if (receiptHandle === 'a running') await slow.promise;
  });
  const first = inOrder.take([
    message({ ...succeeded('a'), sequence: 2 }),
    message({ ...running('a'), sequence: 1 }),
    message(succeeded('b')),
  ]);
  const later = inOrder.take([message({ ...running('a'), attempt: 2, sequence: 3 })]);
  await first[2];
  expect(began).toEqual(['a running', 'b succeeded']);
  slow.resolve();
  await Promise.all([...first, ...later]);
  expect(began).toEqual(['a running', 'b succeeded', 'a succeeded', 'a running']);
});

it('goes on with a job after one of its messages has failed', async () => {
  const inOrder = new InOrder(async ({ receiptHandle }: ReportMessage) => {
    if (receiptHandle === 'a running') throw new Error('storage is away');
  });
  const ends = await Promise.allSettled(inOrder.take([message(succeeded('a')), message(running('a'))]));
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});
