import { expect, it } from 'vitest';
import { factsOf, stateWords } from '../../portal/page/jobs/words.js';
import { jobStates } from '../../worker/src/protocol/status.ts';

it('has a word for each state of a job', () => {
  expect(Object.keys(stateWords).toSorted()).toEqual(jobStates.toSorted());
});

it('calls a job failed only when it is not tried again, and says which attempt failed before', () => {
  const nothing = { film: undefined, progress: undefined, stage: undefined, early: undefined };
  const job = {
    ...nothing,
    attempt: 2,
    maxAttempts: 3,
    error: { code: 'trouble', message: 'Storage did not answer.' },
  };
  expect([stateWords.retrying, stateWords.failed]).toEqual(['Retrying', 'Failed']);
  expect(factsOf({ ...job, state: 'retrying' })).toBe(
    'Attempt 2 of 3 failed, trying again: Storage did not answer.',
  );
  expect(factsOf({ ...job, state: 'failed' })).toBe('Storage did not answer.');
});
