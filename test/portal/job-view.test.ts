import { expect, it } from 'vitest';
import { jobView } from '../../portal/src/farm/job-view.ts';
import { at, queued } from '../helpers/reports/job-states.ts';

it('says what is left now until a film can be played', () => {
  const progress = { percent: 1, publishedBytes: 0, publishedSegments: 0, renditions: [] };
  const state = { ...queued('a'), state: 'running' as const, updatedAt: at(10).toISOString() };
  const job = { ...state, progress: { ...progress, playableInSeconds: 3.4 } };
  const left = (seconds: number) =>
    jobView(job, '', '/api/films/a', at(seconds).getTime()).progress?.playableInSeconds;
  expect([10, 11.2, 14].map(left)).toEqual([3.4, 2.2, 0]);
  // A worker's clock may be ahead of the portal's.
  expect(left(9)).toBe(3.4);
  expect(jobView({ ...job, progress }, '', '/api/films/a', at(11).getTime()).progress).toEqual(progress);
});
