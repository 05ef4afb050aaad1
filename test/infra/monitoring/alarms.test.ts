import { describe, expect, it } from 'vitest';
import type { FarmAlarm } from '../../../infra/monitoring/alarm.ts';
import { farmAlarms } from '../../../infra/monitoring/alarms.ts';
import { lateReportMetric } from '../../../reporter/metrics.ts';
import { evaluate } from '../../../tools/simulation/metric-math.ts';
import { gpuFarm } from '../../helpers/program/watched-farm.ts';

const alarms = farmAlarms(gpuFarm, { oldestJobSeconds: 7200, idleInstanceMinutes: 30, retentionDays: 4 });

function alarm(key: string): FarmAlarm {
  const found = alarms.find((one) => one.key === key);
  if (!found) throw new Error(`no alarm ${key}`);
  return found;
}

/** Whether one point with these values is over the threshold. */
function rings(key: string, values: Record<string, number | undefined>): boolean {
  const { watched, threshold } = alarm(key);
  if (!('expression' in watched)) throw new Error(`${key} computes nothing`);
  const queries = [...watched.metrics, { id: 'result', expression: watched.expression, returnData: true }];
  return (evaluate(queries, values) ?? Number.NEGATIVE_INFINITY) >= threshold;
}

describe('the alarm for jobs without a worker', () => {
  it.each([
    [true, { jobs: 1, parts: 0, reported: undefined }],
    [true, { jobs: 0, parts: 4, reported: undefined }],
    [false, { jobs: 1, parts: 0, reported: 1 }],
    [false, { jobs: 0, parts: 0, reported: undefined }],
  ])('is %s at %j', (expected, values) => {
    expect(rings('no-worker', values)).toBe(expected);
  });

  it('waits longer than a GPU instance takes to start', () => {
    const { points, of, periodSeconds } = alarm('no-worker');
    expect([points, of * periodSeconds]).toEqual([12, 900]);
  });
});

describe('the alarm for idle instances', () => {
  it.each([
    [true, { inservice: 1, reported: undefined }],
    [true, { inservice: 2, reported: 1 }],
    [false, { inservice: 1, reported: 1 }],
    // Several tasks on one instance with several GPUs.
    [false, { inservice: 1, reported: 4 }],
    [false, { inservice: undefined, reported: undefined }],
  ])('is %s at %j', (expected, values) => {
    expect(rings('idle-instance', values)).toBe(expected);
  });

  it('waits for as many minutes as asked', () => {
    expect(alarm('idle-instance')).toMatchObject({ points: 27, of: 30, periodSeconds: 60 });
  });
});

it('rings although the newest minutes are late: none is filled, and some may be missing', () => {
  for (const { key, watched, points, of } of alarms) {
    if (!('expression' in watched)) continue;
    expect(watched.expression, key).not.toContain('FILL');
    expect(of - points, key).toBeGreaterThanOrEqual(2);
  }
});

it('watches the age of the oldest job', () => {
  expect(alarm('oldest-job')).toMatchObject({
    threshold: 7200,
    watched: { metric: { name: 'ApproximateAgeOfOldestMessage', dimensions: { QueueName: 'jobs' } } },
  });
});

it('rings at the first dead letter of jobs, and of parts', () => {
  for (const queue of ['jobs', 'parts']) {
    expect(alarm(queue === 'jobs' ? 'dead-letters' : 'parts-dead-letters')).toMatchObject({
      threshold: 1,
      watched: {
        metric: {
          name: 'ApproximateNumberOfMessagesVisible',
          dimensions: { QueueName: `${queue}-dead` },
        },
      },
    });
  }
});

describe('what workers report to webhooks and the database', () => {
  const reports = { queue: 'reports', deadLetters: 'reports-dead', reporterName: 'reporter' };
  const options = { oldestJobSeconds: 7200, idleInstanceMinutes: 30, retentionDays: 4 };
  const keyed = new Map(farmAlarms({ ...gpuFarm, reports }, options).map((one) => [one.key, one]));

  it('rings at the first that is given up', () => {
    expect(keyed.get('reports-dead-letters')).toMatchObject({
      threshold: 1,
      watched: {
        metric: { name: 'ApproximateNumberOfMessagesVisible', dimensions: { QueueName: 'reports-dead' } },
      },
    });
  });

  it('rings when no reporter takes reports for half an hour, and when a receiver has failed for an hour', () => {
    expect(keyed.get('reports-age')).toMatchObject({
      threshold: 1800,
      watched: { metric: { name: 'ApproximateAgeOfOldestMessage', dimensions: { QueueName: 'reports' } } },
    });
    const late = { namespace: gpuFarm.metricsNamespace, name: lateReportMetric };
    expect(keyed.get('late-reports')).toMatchObject({ threshold: 3600, watched: { metric: late } });
  });
});

it('calls a person for the waker only when it keeps failing', () => {
  expect(alarm('waker-errors')).toMatchObject({ threshold: 3, periodSeconds: 300 });
});

it('gives every alarm a key of its own', () => {
  const keys = alarms.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});
