import { expect, it } from 'vitest';
import { keptOptions, readJobState } from '../../../worker/src/protocol/status.ts';
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

it('a status has the music of its film, without what may be secret in its address', () => {
  const music = { source: 'https://user:pass@example.com/a.mp3?token=s3cret', volume: 0.5 };
  expect(keptOptions({ music, keepSource: false })).toEqual({
    music: { source: 'https://example.com/a.mp3', volume: 0.5 },
  });
  expect(keptOptions({ keepSource: false })).toBeUndefined();
});
