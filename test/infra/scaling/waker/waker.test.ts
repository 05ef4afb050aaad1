import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createWaker } from '../../../../infra/scaling/waker/waker.ts';
import { FarmModel } from '../../../helpers/program/farm-model.ts';

const minute = 60_000;
const schedule = {};

/** It logs nothing. */
function wakerOf(model: FarmModel, clients = model.clients) {
  return createWaker(
    clients,
    model.farm,
    () => model.nowMs,
    () => {},
  );
}

function news(model: FarmModel, message: unknown = { source: 's3://inbox/film.mp4' }) {
  return {
    Records: [
      { Sns: { Message: JSON.stringify(message), Timestamp: new Date(model.nowMs - 300).toISOString() } },
    ],
  };
}

/** A minute goes by, and then the schedule calls. */
async function minutes(model: FarmModel, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    model.pass(minute);
    await wakerOf(model)(schedule);
  }
}

describe('the waker', () => {
  it('starts one task on one instance for one job', async () => {
    const model = new FarmModel();
    await wakerOf(model)(news(model));
    expect(model.calls).toEqual(['UpdateService 1', 'SetDesiredCapacity 1']);
    model.submit(4);
    await minutes(model, 6);
    expect(model.calls).toEqual(['UpdateService 1', 'SetDesiredCapacity 1']);
    expect(model.machines).toHaveLength(1);
    expect(model.busy).toHaveLength(1);
  });

  it('wakes within a minute of a job that was sent to the queue directly', async () => {
    const model = new FarmModel({ instances: false });
    model.submit(1);
    await minutes(model, 1);
    expect(model.calls).toEqual(['UpdateService 1']);
  });

  it.each([{ instances: true }, { instances: false }])(
    'has all workers that a film can use wanted a minute after its first one asks for help: %j',
    async ({ instances }) => {
      const model = new FarmModel({ instances, maxTasks: 10 });
      model.submit(60, 4);
      do await minutes(model, 1);
      while (model.busy.length === 0);
      await minutes(model, 1);
      expect(model.desired).toBe(4);
      expect(model.calls.filter((call) => call.startsWith('UpdateService'))).toEqual([
        'UpdateService 1',
        'UpdateService 4',
      ]);
      if (instances) expect(model.machines).toHaveLength(4);
    },
  );

  it('takes the service to sleep after the idle minutes, and the instance minutes later', async () => {
    const model = new FarmModel({ idleMinutes: 5 });
    model.submit(1);
    do await minutes(model, 1);
    while (model.backlog > 0);
    expect(model.machines).toHaveLength(1);
    await minutes(model, 4);
    expect(model.desired).toBe(1);
    await minutes(model, 1);
    expect(model.desired).toBe(0);
    await minutes(model, 3);
    expect(model.desired).toBe(0);
    expect(model.machines).toEqual([]);
    expect(model.calls).toEqual([
      'UpdateService 1',
      'SetDesiredCapacity 1',
      'UpdateService 0',
      'UpdateContainerInstancesState DRAINING',
      expect.stringMatching(/^Terminate i-\d+$/),
    ]);
  });

  it('gives an instance back to service that got a task between the check and the call', async () => {
    const model = new FarmModel({ idleMinutes: 1 });
    model.machines.push({ id: 'i-1', arn: 'arn:i-1', joinsAtMs: 0, draining: false });
    model.memory = JSON.stringify({ quietSinceMs: 0, idleSinceMs: { 'i-1': 0 } });
    const { ecs } = model.clients;
    const late = {
      ...model.clients,
      ecs: {
        send: async (command: Parameters<typeof ecs.send>[0]) => {
          const answer = await ecs.send(command);
          if (command.constructor.name === 'UpdateContainerInstancesStateCommand') {
            model.tasks = [{ arn: 'task-1', instance: 'i-1', state: 'running' }];
          }
          return answer;
        },
      },
    } as typeof model.clients;
    await createWaker(late, model.farm, () => model.nowMs)(schedule);
    expect(model.calls).toEqual([
      'UpdateContainerInstancesState DRAINING',
      'UpdateContainerInstancesState ACTIVE',
    ]);
    expect(model.machines).toHaveLength(1);
  });

  it('never drains an instance that got a task since it was observed, as ECS would stop that task', async () => {
    const model = new FarmModel({ idleMinutes: 1 });
    model.machines.push({ id: 'i-1', arn: 'arn:i-1', joinsAtMs: 0, draining: false });
    model.memory = JSON.stringify({ quietSinceMs: 0, idleSinceMs: { 'i-1': 0 } });
    const { ecs } = model.clients;
    const late = {
      ...model.clients,
      ecs: {
        send: async (command: Parameters<typeof ecs.send>[0]) => {
          const answer = await ecs.send(command);
          if (command.constructor.name === 'DescribeContainerInstancesCommand') {
            model.tasks = [{ arn: 'task-1', instance: 'i-1', state: 'running' }];
          }
          return answer;
        },
      },
    } as typeof model.clients;
    await createWaker(late, model.farm, () => model.nowMs)(schedule);
    expect(model.calls).toEqual([]);
    expect(model.machines).toHaveLength(1);
  });

  it.each([69, 71])('replaces the instance whose worker ended with %i, and no other', async (exitCode) => {
    const model = new FarmModel();
    model.submit(30);
    model.submit(30);
    do await minutes(model, 1);
    while (model.busy.length < 2);
    const [sick, well] = model.machines.map(({ id }) => id);
    const [task] = model.tasks.filter(({ instance }) => instance === sick);
    model.tasks = model.tasks.filter((other) => other !== task);
    model.stopped.push({ arn: task?.arn ?? '', instance: sick, exitCode });
    model.stopped.push({ arn: 'task-done', instance: well, exitCode: 0 });
    model.calls.length = 0;
    await wakerOf(model)(schedule);
    expect(model.calls).toEqual(['UpdateContainerInstancesState DRAINING', `Terminate ${sick} and replace`]);
    expect(model.machines.map(({ id }) => id)).toContain(well);
    expect(model.machines).toHaveLength(2);
    await minutes(model, 2);
    expect(model.calls).toHaveLength(2);
  });

  it('lets the other tasks of a broken instance end before it ends the instance', async () => {
    const model = new FarmModel();
    model.submit(30);
    do await minutes(model, 1);
    while (model.busy.length < 1);
    const id = model.machines[0]?.id;
    model.stopped.push({ arn: 'task-of-the-other-gpu', instance: id, exitCode: 71 });
    model.calls.length = 0;
    await wakerOf(model)(schedule);
    expect(model.calls).toEqual(['UpdateContainerInstancesState DRAINING']);
    expect(model.machines[0]?.draining).toBe(true);
  });

  it("does not wake for S3's test message, nor for news that the queue has long counted", async () => {
    const model = new FarmModel();
    await wakerOf(model)(news(model, { Service: 'Amazon S3', Event: 's3:TestEvent' }));
    const old = news(model);
    model.nowMs += 2 * minute;
    await wakerOf(model)(old);
    expect(model.calls).toEqual([]);
  });

  it('counts every upload of a notice', async () => {
    const model = new FarmModel({ instances: false });
    await wakerOf(model)(news(model, { Records: [{}, {}] }));
    expect(model.calls).toEqual(['UpdateService 2']);
  });

  it('sleeps on with a memory that somebody has spoilt', async () => {
    const model = new FarmModel();
    model.memory = 'not JSON';
    await wakerOf(model)(schedule);
    expect(JSON.parse(model.memory)).toEqual({ quietSinceMs: model.nowMs, idleSinceMs: {} });
  });

  it('writes nothing while nothing changes', async () => {
    const model = new FarmModel();
    await minutes(model, 1);
    const put = vi.fn();
    const ssm = {
      send: async (command: { constructor: { name: string }; input: unknown }) => {
        if (command.constructor.name === 'PutParameterCommand') put();
        return model.answer('GetParameter', {});
      },
    };
    const clients = { ...model.clients, ssm } as unknown as typeof model.clients;
    await wakerOf(model, clients)(schedule);
    expect(put).not.toHaveBeenCalled();
  });

  it('fails when its service is gone, so that the alarm rings', async () => {
    const model = new FarmModel({ instances: false });
    const clients = {
      ...model.clients,
      ecs: { send: async () => ({ services: [] }) },
    } as unknown as typeof model.clients;
    await expect(wakerOf(model, clients)(schedule)).rejects.toThrow(
      'Service "worker" in cluster "farm" is not there; run "pulumi up".',
    );
  });
});

const anyFarm = fc
  .record({
    minTasks: fc.nat(2),
    more: fc.integer({ min: 1, max: 4 }),
    backlogPerTask: fc.integer({ min: 1, max: 5 }),
    instances: fc.boolean(),
    idleMinutes: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ more, ...rest }) => ({ ...rest, maxTasks: rest.minTasks + more }));

const anyJobs = fc.array(
  fc.record({
    minute: fc.integer({ min: 0, max: 40 }),
    length: fc.integer({ min: 1, max: 20 }),
    announced: fc.boolean(),
    workers: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 12 },
);

describe('a farm with its waker, for whatever jobs come', () => {
  it('is awake within a minute of each job, interrupts none, finishes all, and sleeps in the end', async () => {
    await fc.assert(
      fc.asyncProperty(anyFarm, anyJobs, async (options, jobs) => {
        const model = new FarmModel(options);
        const waker = wakerOf(model);
        let looksTooFew = 0;
        for (let now = 0; now < 41 || (model.backlog > 0 && now < 1000); now++) {
          for (const { length, announced, workers } of jobs.filter(({ minute }) => minute === now)) {
            model.submit(length, workers);
            if (announced) await waker(news(model));
            if (announced) expect(model.desired).toBeGreaterThan(0);
          }
          await waker(schedule);
          if (model.backlog > 0) expect(model.desired).toBeGreaterThan(0);
          expect(model.desired).toBeLessThanOrEqual(options.maxTasks);
          const usable = Math.min(options.maxTasks, Math.ceil(model.backlog / options.backlogPerTask));
          // One look may fall into the pause after tasks were added.
          looksTooFew = model.desired < usable ? looksTooFew + 1 : 0;
          expect(looksTooFew).toBeLessThan(2);
          model.pass(minute);
        }
        expect(model.backlog).toBe(0);
        expect(model.interrupted).toBe(0);
        await minutes(model, options.idleMinutes + 6);
        expect(model.desired).toBe(options.minTasks);
        expect(model.machines).toHaveLength(options.instances ? options.minTasks : 0);
      }),
      { numRuns: 60 },
    );
  });
});
