import { expect, it } from 'vitest';
import { checkJob, refuseToCancel } from '../../../cli/cancel/check.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';

const queuedAt = '2030-01-01T12:00:00.000Z';
const job = (state: JobState['state']): JobState => ({
  ...{ id: 'a', state, queuedAt, updatedAt: queuedAt, source: 'a.mp4', attempt: 1, maxAttempts: 3 },
  ...{ warnings: [], timings: {} },
});
const empty = { waiting: 0, inFlight: 0, delayed: 0, dead: 3 };

it.each(['queued', 'running', 'retrying'] as const)('ends a job that is %s', (state) => {
  expect(checkJob('a', job(state), empty)).toMatchObject({ id: 'a', state, queuedAt });
  expect(() => refuseToCancel([checkJob('a', job(state), empty)])).not.toThrow();
});

it.each(['succeeded', 'failed'] as const)('says that a job that has %s is over', (state) => {
  expect(checkJob('a', job(state), { ...empty, waiting: 1 }).objection).toBe(
    `Job a is over: it has ${state}.`,
  );
});

it('takes an id without a state for a job that waits, as long as the queue holds any', () => {
  for (const queues of [
    { ...empty, waiting: 1 },
    { ...empty, inFlight: 1 },
    { ...empty, delayed: 1 },
  ]) {
    expect(checkJob('a', undefined, queues).objection).toBeUndefined();
  }
  expect(checkJob('a', undefined, empty).objection).toContain('no job waits');
});

it('names every job that cannot be ended, and says that none was', () => {
  const jobs = [checkJob('a', job('succeeded'), empty), checkJob('b', undefined, empty)];
  expect(() => refuseToCancel(jobs)).toThrow(/Job a is over[\s\S]*Job b has no status[\s\S]*--force/);
  const running = checkJob('c', job('running'), empty);
  expect(() => refuseToCancel([...jobs, running])).toThrow('No job was ended.');
});
