import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backlogPerTaskMetric } from '../../../infra/scaling/tracking.ts';
import { evaluate, type Query } from '../../helpers/metric-math.ts';

const names = { clusterName: 'farm', serviceName: 'worker' };

function metric({
  groupName,
  backlogPerTask = 5,
  queues = 1,
}: {
  groupName?: string;
  backlogPerTask?: number;
  queues?: number;
} = {}) {
  const queueNames = ['jobs', 'parts'].slice(0, queues);
  return backlogPerTaskMetric({ ...names, queueNames, groupName, backlogPerTask }) as Query[];
}

describe('backlog per task', () => {
  it('divides waiting messages and those in flight by the running tasks', () => {
    expect(evaluate(metric(), { waiting0: 7, flying0: 2, reported: 3 })).toBe(3);
  });

  it('adds up all queues', () => {
    const queries = metric({ queues: 2 });
    const values = { waiting0: 1, flying0: 2, waiting1: 3, flying1: 4, reported: 2 };
    expect(evaluate(queries, values)).toBe(5);
  });

  it('counts instances on their way as tasks', () => {
    const queries = metric({ groupName: 'gpu' });
    expect(evaluate(queries, { waiting0: 4, flying0: 0, reported: 1, ordered: 2 })).toBe(2);
    expect(evaluate(queries, { waiting0: 4, flying0: 0, reported: 4, ordered: 1 })).toBe(1);
    expect(evaluate(queries, { waiting0: 4, flying0: 0, reported: 1, ordered: undefined })).toBe(4);
  });

  it.each([
    { why: 'no task reports', waiting0: 9, flying0: 0, reported: undefined },
    { why: 'nothing is to be done', waiting0: 0, flying0: 0, reported: 2 },
    { why: 'the farm sleeps', waiting0: 0, flying0: 0, reported: undefined },
  ])('reads the target, so that tracking keeps still, when $why', ({ waiting0, flying0, reported }) => {
    expect(evaluate(metric({ backlogPerTask: 5 }), { waiting0, flying0, reported })).toBe(5);
  });

  it('is never infinite and never so low that the last task would go', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.nat(1000),
        fc.option(fc.nat(50), { nil: undefined }),
        fc.integer({ min: 1, max: 20 }),
        (waiting0, flying0, reported, backlogPerTask) => {
          const value = evaluate(metric({ backlogPerTask }), { waiting0, flying0, reported });
          expect(value).toBeGreaterThan(0);
          // Tracking asks for tasks x value / target, rounded up.
          expect(Math.ceil((Math.max(1, reported ?? 1) * (value ?? 0)) / backlogPerTask)).toBeGreaterThan(0);
        },
      ),
    );
  });

  it('reads free metrics alone', () => {
    const namespaces = backlogPerTaskMetric({
      ...names,
      queueNames: ['jobs'],
      groupName: 'gpu',
      backlogPerTask: 1,
    })
      .map((query) => JSON.parse(JSON.stringify(query)).metricStat?.metric.namespace)
      .filter(Boolean);
    expect(new Set(namespaces)).toEqual(new Set(['AWS/SQS', 'AWS/ECS', 'AWS/AutoScaling']));
  });
});
