import { expect, it } from 'vitest';
import { metricsLine } from '../../../worker/src/report/metrics.ts';
import { advance, updateRunning } from '../../../worker/src/report/transitions.ts';
import { at, film, queued, running } from '../../helpers/reports/job-states.ts';

const error = { code: 'not-media', message: 'No film.' };

it('a success says how long each step took, how fast, and how much was published', () => {
  const timings = { encodeSeconds: 8, publishSeconds: 0.5, speed: 6 };
  const done = advance(updateRunning(running('a'), { timings }, at(3)), { to: 'succeeded', film }, at(12));
  expect(metricsLine('farm/dev', done)).toEqual({
    _aws: {
      Timestamp: at(12).getTime(),
      CloudWatchMetrics: [
        {
          Namespace: 'farm/dev',
          Dimensions: [[]],
          Metrics: [
            { Name: 'JobsSucceeded', Unit: 'Count' },
            { Name: 'WaitSeconds', Unit: 'Seconds' },
            { Name: 'EncodeSeconds', Unit: 'Seconds' },
            { Name: 'PublishSeconds', Unit: 'Seconds' },
            { Name: 'Speed', Unit: 'None' },
            { Name: 'PublishedBytes', Unit: 'Bytes' },
          ],
        },
      ],
    },
    job: 'a',
    attempt: 1,
    JobsSucceeded: 1,
    WaitSeconds: 2,
    EncodeSeconds: 8,
    PublishSeconds: 0.5,
    Speed: 6,
    PublishedBytes: 1000,
  });
});

it('a job that was done already published nothing', () => {
  const done = advance(running('a'), { to: 'succeeded', film }, at(3));
  expect(metricsLine('farm', done)).not.toHaveProperty('PublishedBytes');
});

it('failures and retries are counted apart', () => {
  const failed = metricsLine('farm', advance(running('a'), { to: 'failed', error }, at(3)));
  expect(failed).toMatchObject({ JobsFailed: 1, code: 'not-media', WaitSeconds: 2 });
  const retried = metricsLine('farm', advance(running('a'), { to: 'retrying', error }, at(3)));
  expect(retried).toMatchObject({ JobsRetried: 1 });
  expect(retried).not.toHaveProperty('JobsFailed');
});

it('a running job and an interruption count for nothing', () => {
  expect(metricsLine('farm', running('a'))).toBeUndefined();
  expect(metricsLine('farm', queued('a'))).toBeUndefined();
});
