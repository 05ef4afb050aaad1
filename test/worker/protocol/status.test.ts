import { expect, it } from 'vitest';
import { readJobState } from '../../../worker/src/protocol/status.ts';
import { queued, running, succeeded } from '../../helpers/reports/job-states.ts';

it.each([queued('a'), running('a'), succeeded('a')])('a status is read as it was written (%#)', (state) => {
  expect(readJobState(JSON.stringify(state))).toEqual(state);
});

it.each(['', '{"id":"a"', '[]', JSON.stringify({ ...queued('a'), state: 'lost' })])(
  'text that is not a status is none: %j',
  (text) => {
    expect(readJobState(text)).toBeUndefined();
  },
);
