import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Action,
  decide,
  type Instance,
  nothingRemembered,
  type Observed,
  type Rules,
} from '../../../../infra/scaling/waker/decide.ts';

const minute = 60_000;

const rules: Rules = {
  minTasks: 0,
  maxTasks: 3,
  backlogPerTask: 1,
  scaleOutPauseMs: minute,
  idleMs: 5 * minute,
  wakeWorkers: 1,
  tasksPerInstance: 1,
  spareMs: minute,
  idleInstanceMs: 2 * minute,
  joinMs: 10 * minute,
};

const asleep: Observed = {
  atMs: 100 * minute,
  backlog: 0,
  delayed: 0,
  announced: 0,
  asked: 0,
  service: { desired: 0, running: 0, protected: 0 },
  instances: [],
  memory: { quietSinceMs: 10 * minute, idleSinceMs: {} },
};

const awake: Observed = {
  ...asleep,
  service: { desired: 1, running: 1, protected: 0 },
  instances: [instance('i-1', { tasks: 1 })],
};

function instance(id: string, rest: Partial<Instance> = {}): Instance {
  return { id, containerInstanceArn: `arn:${id}`, draining: false, broken: false, tasks: 0, ...rest };
}

function countOf(actions: readonly Action[]): number | undefined {
  const [set] = actions.flatMap((action) => (action.kind === 'set-desired-count' ? [action.count] : []));
  return set;
}

function orderedBy(actions: readonly Action[]): number | undefined {
  const [order] = actions.flatMap((action) => (action.kind === 'order-instances' ? [action.count] : []));
  return order;
}

function endedBy(actions: readonly Action[]): string[] {
  return actions.flatMap((action) => (action.kind === 'end-instance' ? [action.instanceId] : []));
}

describe('waking', () => {
  it('starts one task for one job', () => {
    expect(decide({ ...asleep, backlog: 1 }, rules).actions).toEqual([
      { kind: 'set-desired-count', count: 1, reason: 'backlog of 1' },
    ]);
  });

  it('starts the workers that the door asks for, as far as the farm may, whatever the queues count', () => {
    const guessing = { ...rules, wakeWorkers: 1, backlogPerTask: 4 };
    expect(countOf(decide({ ...asleep, asked: 3 }, guessing).actions)).toBe(3);
    expect(countOf(decide({ ...asleep, asked: 9_000 }, guessing).actions)).toBe(rules.maxTasks);
  });

  it('wakes on an announced job that the queue does not count yet', () => {
    expect(countOf(decide({ ...asleep, announced: 1 }, rules).actions)).toBe(1);
  });

  it.each([
    { backlog: 2, backlogPerTask: 1, count: 2 },
    { backlog: 50, backlogPerTask: 1, count: 3 },
    { backlog: 5, backlogPerTask: 5, count: 1 },
    { backlog: 6, backlogPerTask: 5, count: 2 },
  ])(
    'starts $count tasks for $backlog jobs at $backlogPerTask a task',
    ({ backlog, backlogPerTask, count }) => {
      expect(countOf(decide({ ...asleep, backlog }, { ...rules, backlogPerTask }).actions)).toBe(count);
    },
  );

  it('starts all that may make a film together, until a worker runs and says how many it can use', () => {
    const shared = { ...rules, maxTasks: 8, wakeWorkers: 3 };
    expect(countOf(decide({ ...asleep, backlog: 1 }, shared).actions)).toBe(3);
    const starting = { ...asleep, service: { desired: 3, running: 0, protected: 0 } };
    expect(countOf(decide({ ...starting, backlog: 2 }, shared).actions)).toBe(6);
    const running = { ...awake, service: { desired: 3, running: 1, protected: 1 } };
    expect(decide({ ...running, backlog: 1 }, shared).actions).toEqual([]);
  });

  it('adds tasks for jobs that come while the first task starts', () => {
    const starting = { ...asleep, backlog: 3, service: { desired: 1, running: 0, protected: 0 } };
    expect(countOf(decide(starting, rules).actions)).toBe(3);
  });

  it('wakes again while the last task of before is stopping', () => {
    const stopping = { ...awake, backlog: 1, service: { desired: 0, running: 1, protected: 0 } };
    expect(countOf(decide(stopping, rules).actions)).toBe(1);
  });

  it('raises the service to the tasks that always run', () => {
    expect(countOf(decide(asleep, { ...rules, minTasks: 1 }).actions)).toBe(1);
  });
});

describe('adding tasks while some run', () => {
  const burst = { ...awake, backlog: 50 };

  it('asks at once for as many as the backlog can use', () => {
    expect(countOf(decide({ ...awake, backlog: 2 }, rules).actions)).toBe(2);
    expect(countOf(decide(burst, rules).actions)).toBe(3);
    expect(
      countOf(decide({ ...awake, backlog: 2 }, { ...rules, backlogPerTask: 2 }).actions),
    ).toBeUndefined();
  });

  it('does not ask again for tasks that are on their way', () => {
    const onTheirWay = { ...burst, service: { desired: 3, running: 1, protected: 1 } };
    expect(decide(onTheirWay, { ...rules, maxTasks: 50 }).actions).toEqual([
      { kind: 'set-desired-count', count: 50, reason: 'backlog of 50' },
    ]);
    expect(decide({ ...onTheirWay, backlog: 3 }, { ...rules, maxTasks: 50 }).actions).toEqual([]);
  });

  it('pauses between two times', () => {
    const first = decide({ ...awake, backlog: 2 }, rules);
    const more = {
      ...awake,
      service: { desired: 2, running: 2, protected: 2 },
      backlog: 3,
      memory: first.memory,
    };
    expect(decide({ ...more, atMs: awake.atMs + minute - 1 }, rules).actions).toEqual([]);
    expect(countOf(decide({ ...more, atMs: awake.atMs + minute }, rules).actions)).toBe(3);
  });

  it('needs nobody for retries before their time', () => {
    const retrying = { ...awake, backlog: 3, delayed: 2 };
    expect(decide(retrying, rules).actions).toEqual([]);
    expect(decide(retrying, rules).memory.quietSinceMs).toBeUndefined();
  });

  it('starts one task, not one for each, when there are retries alone', () => {
    expect(countOf(decide({ ...asleep, backlog: 3, delayed: 3 }, rules).actions)).toBe(1);
  });
});

describe('sleeping', () => {
  it('goes to the minimum after the idle time without backlog', () => {
    const quiet = { ...awake, memory: { quietSinceMs: 95 * minute, idleSinceMs: {} } };
    expect(countOf(decide(quiet, rules).actions)).toBe(0);
    expect(countOf(decide({ ...quiet, atMs: 100 * minute - 1 }, rules).actions)).toBeUndefined();
  });

  it('counts the idle time from the first look without backlog', () => {
    const first = decide({ ...awake, memory: nothingRemembered }, rules);
    expect(first.actions).toEqual([]);
    expect(first.memory.quietSinceMs).toBe(100 * minute);
  });

  it('keeps one task for the next job, when the others have been idle for a minute', () => {
    const three = { ...awake, service: { desired: 3, running: 3, protected: 0 } };
    const quiet = { ...three, memory: { quietSinceMs: 99 * minute, idleSinceMs: {} } };
    expect(decide(quiet, rules).actions).toEqual([
      { kind: 'set-desired-count', count: 1, reason: 'no backlog for 60 s' },
    ]);
    expect(decide({ ...quiet, atMs: 100 * minute - 1 }, rules).actions).toEqual([]);
    expect(decide({ ...quiet, backlog: 1 }, rules).actions).toEqual([]);
    expect(countOf(decide(quiet, { ...rules, minTasks: 2 }).actions)).toBe(2);
  });

  it('forgets the idle time when a job comes', () => {
    expect(decide({ ...awake, backlog: 1 }, rules).memory.quietSinceMs).toBeUndefined();
  });

  it('stays awake while a task is protected, though the queue is empty', () => {
    const finishing = { ...awake, service: { desired: 1, running: 1, protected: 1 } };
    expect(decide(finishing, rules).actions).toEqual([]);
  });

  it('keeps the tasks that always run', () => {
    const three = { ...awake, service: { desired: 3, running: 3, protected: 0 } };
    expect(countOf(decide(three, { ...rules, minTasks: 1 }).actions)).toBe(1);
  });
});

describe('ordering instances', () => {
  const none = { desired: 0, max: 3 };

  it('orders at once what all tasks need', () => {
    expect(decide({ ...asleep, backlog: 2, groupSize: none }, rules).actions).toEqual([
      { kind: 'set-desired-count', count: 2, reason: 'backlog of 2' },
      { kind: 'order-instances', count: 2, reason: '2 tasks are wanted' },
    ]);
  });

  it('orders for tasks that were wanted before, and only what is missing', () => {
    const waiting = { ...asleep, backlog: 2, service: { desired: 2, running: 0, protected: 0 } };
    expect(orderedBy(decide({ ...waiting, groupSize: { desired: 1, max: 3 } }, rules).actions)).toBe(2);
    expect(decide({ ...waiting, groupSize: { desired: 2, max: 3 } }, rules).actions).toEqual([]);
    expect(decide({ ...waiting, groupSize: { desired: 3, max: 3 } }, rules).actions).toEqual([]);
  });

  it('never orders more than the group may have', () => {
    const observed = { ...asleep, backlog: 9, groupSize: { desired: 0, max: 2 } };
    expect(orderedBy(decide(observed, { ...rules, maxTasks: 9 }).actions)).toBe(2);
  });

  it('orders no more than are needed if all of them are of the largest type', () => {
    const observed = { ...asleep, backlog: 5, groupSize: { desired: 0, max: 9 } };
    expect(orderedBy(decide(observed, { ...rules, maxTasks: 9, tasksPerInstance: 4 }).actions)).toBe(2);
  });

  it('orders none on Fargate', () => {
    expect(orderedBy(decide({ ...asleep, backlog: 2 }, rules).actions)).toBeUndefined();
  });
});

describe('instances', () => {
  const idle = (...instances: Instance[]): Observed => ({
    ...asleep,
    instances,
    memory: {
      quietSinceMs: 0,
      idleSinceMs: Object.fromEntries(instances.map(({ id }) => [id, 98 * minute])),
    },
  });

  it('ends an instance two minutes after its last task', () => {
    expect(decide(idle(instance('i-1')), rules).actions).toEqual([
      {
        kind: 'end-instance',
        instanceId: 'i-1',
        containerInstanceArn: 'arn:i-1',
        reason: 'without a task for 120 s',
      },
    ]);
  });

  it('keeps an instance that has been idle for less', () => {
    const observed = { ...idle(instance('i-1')), atMs: 100 * minute - 1 };
    expect(decide(observed, rules).actions).toEqual([]);
  });

  it('keeps an idle instance for a task that waits for a place, also one that it asks for now', () => {
    expect(endedBy(decide({ ...idle(instance('i-1'), instance('i-2')), backlog: 1 }, rules).actions)).toEqual(
      ['i-1'],
    );
  });

  it('ends an instance that never joined the cluster, though a task waits', () => {
    const lost = instance('i-1', { containerInstanceArn: undefined });
    const observed = { ...idle(lost), service: { desired: 1, running: 0, protected: 0 }, backlog: 1 };
    expect(endedBy(decide(observed, rules).actions)).toEqual([]);
    const later = { ...observed, atMs: 108 * minute };
    expect(endedBy(decide(later, rules).actions)).toEqual(['i-1']);
  });

  it('ends a drained instance, as no task can go there', () => {
    const observed = {
      ...idle(instance('i-1', { draining: true })),
      service: { desired: 1, running: 0, protected: 0 },
      backlog: 1,
    };
    expect(endedBy(decide(observed, rules).actions)).toEqual(['i-1']);
  });

  it('forgets instances that are gone', () => {
    const observed = { ...asleep, memory: { idleSinceMs: { 'i-gone': 1 } } };
    expect(decide(observed, rules).memory.idleSinceMs).toEqual({});
  });
});

const anyRules = fc
  .record({
    minTasks: fc.nat(4),
    more: fc.nat(6),
    backlogPerTask: fc.integer({ min: 1, max: 10 }),
    wakeWorkers: fc.integer({ min: 1, max: 4 }),
    scaleOutPauseMs: fc.integer({ min: 0, max: 5 }).map((minutes) => minutes * minute),
    idleMs: fc.integer({ min: 1, max: 60 }).map((minutes) => minutes * minute),
  })
  .map(({ minTasks, more, ...rest }) => ({
    ...rules,
    ...rest,
    minTasks,
    maxTasks: Math.max(1, minTasks + more),
  }));

const anyInstances = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 9 }).map((number) => `i-${number}`),
    containerInstanceArn: fc.option(fc.constant('arn'), { nil: undefined }),
    draining: fc.boolean(),
    broken: fc.boolean(),
    tasks: fc.nat(2),
  }),
  { selector: ({ id }) => id, maxLength: 6 },
);

const anyObserved: fc.Arbitrary<Observed> = fc
  .record({
    atMs: fc.constant(1000 * minute),
    ready: fc.oneof(fc.constant(0), fc.nat(100)),
    delayed: fc.oneof(fc.constant(0), fc.nat(20)),
    announced: fc.oneof(fc.constant(0), fc.nat(3)),
    asked: fc.oneof(fc.constant(0), fc.nat(3)),
    service: fc.record({ desired: fc.nat(10), running: fc.nat(10), protected: fc.nat(3) }),
    instances: anyInstances,
    groupSize: fc.option(fc.record({ desired: fc.nat(6), max: fc.integer({ min: 1, max: 10 }) }), {
      nil: undefined,
    }),
    memory: fc.record(
      {
        quietSinceMs: fc.integer({ min: 0, max: 1000 * minute }),
        raisedAtMs: fc.integer({ min: 990 * minute, max: 1000 * minute }),
        idleSinceMs: fc.dictionary(
          fc.integer({ min: 1, max: 9 }).map((number) => `i-${number}`),
          fc.integer({ min: 0, max: 1000 * minute }),
        ),
      },
      { requiredKeys: ['idleSinceMs'] },
    ),
  })
  .map(({ ready, ...rest }) => ({ ...rest, backlog: ready + rest.delayed }));

/** Runs a check on many farms; what is decided must not depend on luck. */
function always(check: (observed: Observed, rules: Rules) => void): void {
  fc.assert(fc.property(anyObserved, anyRules, check), { numRuns: 500 });
}

describe('whatever is seen', () => {
  it('never asks for more tasks than the maximum or fewer than the minimum', () => {
    always((observed, rules) => {
      const count = countOf(decide(observed, rules).actions);
      if (count === undefined) return;
      expect(count).toBeGreaterThanOrEqual(rules.minTasks);
      expect(count).toBeLessThanOrEqual(rules.maxTasks);
    });
  });

  it('never takes a task away while there is a job or a protected task', () => {
    always((observed, rules) => {
      const count = countOf(decide(observed, rules).actions);
      const busy =
        observed.backlog > 0 || observed.announced + observed.asked > 0 || observed.service.protected > 0;
      if (busy) expect(count ?? observed.service.desired).toBeGreaterThanOrEqual(observed.service.desired);
    });
  });

  it('never orders more instances than tasks are wanted, or fewer than there are', () => {
    always((observed, rules) => {
      const { actions } = decide(observed, rules);
      const count = orderedBy(actions);
      if (count === undefined || observed.groupSize === undefined) return;
      expect(count).toBeGreaterThan(observed.groupSize.desired);
      expect(count).toBeLessThanOrEqual(countOf(actions) ?? observed.service.desired);
    });
  });

  it('never asks for more tasks than the backlog can use', () => {
    always((observed, rules) => {
      const count = countOf(decide(observed, rules).actions);
      if (count === undefined || count <= observed.service.desired) return;
      const messages = Math.max(observed.backlog, observed.announced);
      const useful = messages * (observed.service.running === 0 ? rules.wakeWorkers : 1);
      const usable = Math.max(observed.asked, Math.ceil(useful / rules.backlogPerTask));
      expect(count).toBeLessThanOrEqual(Math.max(rules.minTasks, usable));
    });
  });

  it('has a task wanted, after the pause, for all that workers can take', () => {
    always((observed, rules) => {
      const { memory, ...seen } = observed;
      const later = { ...seen, memory: { ...memory, raisedAtMs: seen.atMs - rules.scaleOutPauseMs } };
      const desired = countOf(decide(later, rules).actions) ?? seen.service.desired;
      const usable = Math.ceil((seen.backlog - seen.delayed) / rules.backlogPerTask);
      expect(desired).toBeGreaterThanOrEqual(Math.min(rules.maxTasks, usable));
    });
  });

  it('never ends an instance with a task', () => {
    always((observed, rules) => {
      const ended = endedBy(decide(observed, rules).actions);
      expect(observed.instances.filter(({ id, tasks }) => ended.includes(id) && tasks > 0)).toEqual([]);
    });
  });

  it('never ends an instance that a waiting task could go to', () => {
    always((observed, rules) => {
      const { actions } = decide(observed, rules);
      const desired = countOf(actions) ?? observed.service.desired;
      const placed = observed.instances.reduce((sum, { tasks }) => sum + tasks, 0);
      const places = observed.instances.filter(
        ({ tasks, draining, broken, containerInstanceArn }) =>
          tasks === 0 && !draining && !broken && containerInstanceArn,
      );
      const left = places.filter(({ id }) => !endedBy(actions).includes(id));
      const joining = observed.instances.filter(
        ({ tasks, draining, containerInstanceArn, id }) =>
          tasks === 0 && !draining && !containerInstanceArn && !endedBy(actions).includes(id),
      );
      const waiting = Math.max(0, desired - placed);
      expect(left.length + joining.length).toBeGreaterThanOrEqual(Math.min(waiting, places.length));
    });
  });

  it('has a task wanted, after one look, wherever there is a job', () => {
    always((observed, rules) => {
      if (observed.backlog === 0 && observed.announced + observed.asked === 0) return;
      expect(countOf(decide(observed, rules).actions) ?? observed.service.desired).toBeGreaterThan(0);
    });
  });

  it('decides nothing more about the tasks once its decision is carried out', () => {
    always((observed, rules) => {
      const { actions, memory } = decide(observed, rules);
      const desired = countOf(actions) ?? observed.service.desired;
      const ended = endedBy(actions);
      const after = {
        ...observed,
        memory,
        service: { ...observed.service, desired },
        instances: observed.instances.filter(({ id, broken }) => !ended.includes(id) && !broken),
        groupSize: observed.groupSize && {
          ...observed.groupSize,
          desired: orderedBy(actions) ?? observed.groupSize.desired,
        },
      };
      expect(decide(after, rules).actions).toEqual([]);
    });
  });
});
