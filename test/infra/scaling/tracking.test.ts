import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backlogPerTaskMetric } from '../../../infra/scaling/tracking.ts';
import { evaluate, type Query } from '../../../tools/simulation/metric-math.ts';

const names = { clusterName: 'farm', serviceName: 'worker' };

function metric({ backlogPerTask = 5, queues = 1 } = {}) {
  const queueNames = ['jobs', 'parts'].slice(0, queues);
  return backlogPerTaskMetric({ ...names, queueNames, backlogPerTask }) as Query[];
}

describe('backlog per task', () => {
  it('divides waiting messages and those in flight by the running tasks', () => {
    expect(evaluate(metric(), { waiting0: 7, flying0: 2, reported: 3 })).toBe(3);
  });

  it('adds up all queues', () => {
    const queries = metric({ queues: 2 });
    const values = { waiting0: 1, flying0: 2, waiting1: 3, flying1: 4, reported: 4 };
    expect(evaluate(queries, values)).toBe(2.5);
  });

  it.each([
    { why: 'nothing is to be done', waiting0: 0, flying0: 0, reported: 2 },
    { why: 'more waits than the tasks take, as the waker adds tasks', waiting0: 40, flying0: 2, reported: 2 },
    { why: 'every task has its share', waiting0: 8, flying0: 2, reported: 2 },
  ])('reads the target, so that tracking keeps still, when $why', ({ waiting0, flying0, reported }) => {
    expect(evaluate(metric({ backlogPerTask: 5 }), { waiting0, flying0, reported })).toBe(5);
  });

  it.each([
    { why: 'no task runs', waiting0: 9, flying0: 0 },
    { why: 'the farm sleeps', waiting0: 0, flying0: 0 },
    { why: 'what the tasks report is late', waiting0: 1, flying0: 1 },
  ])('has no value when $why, so that the alarm looks further back', ({ waiting0, flying0 }) => {
    expect(evaluate(metric(), { waiting0, flying0, reported: undefined })).toBeUndefined();
  });

  it('never asks for more tasks, nor for the last one or more than the backlog can spare', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.nat(1000),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (waiting0, flying0, reported, backlogPerTask) => {
          const value = evaluate(metric({ backlogPerTask }), { waiting0, flying0, reported }) ?? 0;
          const tasks = reported;
          // Tracking asks for tasks x value / target, rounded up.
          const asked = Math.ceil((tasks * value) / backlogPerTask - 1e-9);
          expect(asked).toBeGreaterThan(0);
          expect(asked).toBeLessThanOrEqual(tasks);
          const needed = Math.ceil((waiting0 + flying0) / backlogPerTask);
          expect(asked).toBeGreaterThanOrEqual(Math.min(tasks, needed));
        },
      ),
    );
  });

  it('reads free metrics alone', () => {
    const namespaces = backlogPerTaskMetric({
      ...names,
      queueNames: ['jobs'],
      backlogPerTask: 1,
    })
      .map((query) => JSON.parse(JSON.stringify(query)).metricStat?.metric.namespace)
      .filter(Boolean);
    expect(new Set(namespaces)).toEqual(new Set(['AWS/SQS', 'AWS/ECS']));
  });
});
