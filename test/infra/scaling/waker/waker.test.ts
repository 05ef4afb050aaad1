import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createWaker } from '../../../../infra/scaling/waker/waker.ts';
import { SimulatedFarm } from '../../../helpers/program/simulated-farm.ts';

const minute = 60_000;
const schedule = {};

/** It logs nothing. */
function wakerOf(farm: SimulatedFarm, clients = farm.aws.clients) {
  return createWaker(
    clients,
    farm.farm,
    () => farm.nowMs,
    () => {},
  );
}

function news(farm: SimulatedFarm, message: unknown = { source: 's3://inbox/film.mp4' }) {
  const Timestamp = new Date(farm.nowMs).toISOString();
  return { Records: [{ Sns: { Message: JSON.stringify(message), Timestamp } }] };
}

/** A minute goes by, and then the schedule calls. */
async function minutes(farm: SimulatedFarm, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await farm.pass(minute);
    await wakerOf(farm)(schedule);
  }
}

async function minutesUntil(farm: SimulatedFarm, holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i++) {
    if (i === 60) throw new Error(`not within an hour; the calls were ${farm.calls.join(', ')}`);
    await minutes(farm, 1);
  }
}

/** A farm with one idle instance that has been idle for long. */
async function withIdleInstance(): Promise<SimulatedFarm> {
  const farm = new SimulatedFarm({ idleMinutes: 1 });
  farm.cloud.group?.setDesired(1);
  await farm.pass(5 * minute);
  const [machine] = farm.machines;
  farm.aws.memory = JSON.stringify({ quietSinceMs: 0, idleSinceMs: { [machine?.id ?? '']: 0 } });
  return farm;
}

/** ECS starts a task on the farm's instance right after the first answer to `operation`. */
function placingTaskAfter(farm: SimulatedFarm, operation: string) {
  const { ecs, ...clients } = farm.aws.clients;
  const [machine] = farm.machines;
  const send = async (command: Parameters<typeof ecs.send>[0]) => {
    const answer = await ecs.send(command);
    if (command.constructor.name === `${operation}Command`)
      farm.cloud.service.tasks = [{ arn: 'task-1', machine, state: 'running', protected: false }];
    return answer;
  };
  return { ...clients, ecs: { send } } as typeof farm.aws.clients;
}

describe('the waker', () => {
  it('starts one task on one instance for one job', async () => {
    const farm = new SimulatedFarm();
    await wakerOf(farm)(news(farm));
    expect(farm.calls).toEqual(['UpdateService 1', 'SetDesiredCapacity 1']);
    farm.submit(20);
    await minutes(farm, 8);
    expect(farm.calls).toEqual(['UpdateService 1', 'SetDesiredCapacity 1']);
    expect(farm.machines).toHaveLength(1);
    expect(farm.busy).toHaveLength(1);
  });

  it('wakes for a job that was sent to the queue directly, as soon as SQS counts it', async () => {
    const farm = new SimulatedFarm({ instances: false });
    farm.submit(1);
    await minutes(farm, 2);
    expect(farm.calls).toEqual(['UpdateService 1']);
  });

  it.each([{ instances: true }, { instances: false }])(
    'wants all workers that a film can use minutes after its first one sends part requests: %j',
    async ({ instances }) => {
      const farm = new SimulatedFarm({ instances, maxTasks: 10 });
      farm.submit(60, 4);
      await minutesUntil(farm, () => farm.busy.length > 0);
      await minutes(farm, 3);
      expect(farm.desired).toBe(4);
      if (instances) expect(farm.machines).toHaveLength(4);
      await minutes(farm, 3);
      expect(farm.desired).toBe(4);
    },
  );

  it('takes the service to sleep after the idle minutes, and the instance minutes later', async () => {
    const farm = new SimulatedFarm({ idleMinutes: 5 });
    farm.submit(1);
    await minutesUntil(farm, () => farm.backlog === 0);
    expect(farm.machines).toHaveLength(1);
    await minutes(farm, 4);
    expect(farm.desired).toBe(1);
    await minutes(farm, 2);
    expect(farm.desired).toBe(0);
    await minutes(farm, 3);
    expect(farm.desired).toBe(0);
    expect(farm.machines).toEqual([]);
    expect(farm.calls).toEqual([
      'UpdateService 1',
      'SetDesiredCapacity 1',
      'UpdateService 0',
      'UpdateContainerInstancesState DRAINING',
      expect.stringMatching(/^Terminate i-\d+$/),
    ]);
  });

  it('gives an instance back to service that got a task between the check and the call', async () => {
    const farm = await withIdleInstance();
    await wakerOf(farm, placingTaskAfter(farm, 'UpdateContainerInstancesState'))(schedule);
    expect(farm.calls).toEqual([
      'UpdateContainerInstancesState DRAINING',
      'UpdateContainerInstancesState ACTIVE',
    ]);
    expect(farm.machines).toHaveLength(1);
  });

  it('never drains an instance that got a task since it was observed, as ECS would stop that task', async () => {
    const farm = await withIdleInstance();
    await wakerOf(farm, placingTaskAfter(farm, 'DescribeContainerInstances'))(schedule);
    expect(farm.calls).toEqual([]);
    expect(farm.machines).toHaveLength(1);
  });

  it.each([69, 71])('replaces the instance whose worker ended with %i, and no other', async (exitCode) => {
    const farm = new SimulatedFarm();
    farm.submit(30);
    farm.submit(30);
    await minutesUntil(farm, () => farm.busy.length === 2);
    const [task, other] = farm.busy;
    if (!task || !other) throw new Error('two workers are busy');
    farm.cloud.service.breakDown(task, exitCode);
    farm.calls.length = 0;
    await wakerOf(farm)(schedule);
    expect(farm.calls).toEqual([
      'UpdateContainerInstancesState DRAINING',
      `Terminate ${task.machine?.id} and replace`,
    ]);
    await minutes(farm, 2);
    expect(farm.calls).toHaveLength(2);
    expect(farm.machines).toHaveLength(2);
    expect(farm.machines).toContain(other.machine);
  });

  it('lets the other tasks of a broken instance end before it ends the instance', async () => {
    const farm = new SimulatedFarm();
    farm.submit(30);
    await minutesUntil(farm, () => farm.busy.length === 1);
    const [machine] = farm.machines;
    if (!machine) throw new Error('a worker is busy');
    farm.cloud.service.broken.push({ arn: 'task-of-the-other-gpu', machine, exitCode: 71 });
    farm.calls.length = 0;
    await wakerOf(farm)(schedule);
    expect(farm.calls).toEqual(['UpdateContainerInstancesState DRAINING']);
    expect(machine.draining).toBe(true);
  });

  it("does not wake for S3's test message, nor for news that the queue has long counted", async () => {
    const farm = new SimulatedFarm();
    await wakerOf(farm)(news(farm, { Service: 'Amazon S3', Event: 's3:TestEvent' }));
    const old = news(farm);
    await farm.pass(2 * minute);
    await wakerOf(farm)(old);
    expect(farm.calls).toEqual([]);
  });

  it('counts every upload of a notice', async () => {
    const farm = new SimulatedFarm({ instances: false });
    await wakerOf(farm)(news(farm, { Records: [{}, {}] }));
    expect(farm.calls).toEqual(['UpdateService 2']);
  });

  it('sleeps on with a memory that is not JSON', async () => {
    const farm = new SimulatedFarm();
    farm.aws.memory = 'not JSON';
    await wakerOf(farm)(schedule);
    expect(JSON.parse(farm.aws.memory)).toEqual({ quietSinceMs: farm.nowMs, idleSinceMs: {} });
  });

  it('writes nothing while nothing changes', async () => {
    const farm = new SimulatedFarm();
    await minutes(farm, 1);
    const answer = vi.spyOn(farm.aws, 'answer');
    await wakerOf(farm)(schedule);
    expect(answer.mock.calls.map(([operation]) => operation)).not.toContain('PutParameter');
    expect(answer).toHaveBeenCalled();
  });

  it('fails when its service is gone, so that the alarm rings', async () => {
    const farm = new SimulatedFarm({ instances: false });
    const ecs = { send: async () => ({ services: [] }) };
    const clients = { ...farm.aws.clients, ecs } as unknown as typeof farm.aws.clients;
    await expect(wakerOf(farm, clients)(schedule)).rejects.toThrow(
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
    seed: fc.nat(1000),
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
  it('is awake at the first look after SQS has counted a job, interrupts none, finishes all, and sleeps in the end', async () => {
    await fc.assert(
      fc.asyncProperty(anyFarm, anyJobs, async (options, jobs) => {
        const farm = new SimulatedFarm(options);
        const waker = wakerOf(farm);
        let looksTooFew = 0;
        for (let now = 0; now < 41 || (farm.backlog > 0 && now < 1000); now++) {
          for (const { length, announced, workers } of jobs.filter(({ minute }) => minute === now)) {
            farm.submit(length, workers);
            if (announced) await waker(news(farm));
            if (announced) expect(farm.desired).toBeGreaterThan(0);
          }
          await waker(schedule);
          expect(farm.desired).toBeLessThanOrEqual(options.maxTasks);
          if (farm.countedBacklog > 0) expect(farm.desired).toBeGreaterThan(0);
          const usable = Math.min(options.maxTasks, Math.ceil(farm.countedBacklog / options.backlogPerTask));
          // One look may fall into the pause after tasks were added.
          looksTooFew = farm.desired < usable ? looksTooFew + 1 : 0;
          expect(looksTooFew).toBeLessThan(2);
          await farm.pass(minute);
        }
        expect(farm.backlog).toBe(0);
        expect(farm.films.every(({ doneAtMs, finishes }) => doneAtMs !== undefined && finishes === 1)).toBe(
          true,
        );
        expect(farm.interrupted).toBe(0);
        await minutes(farm, options.idleMinutes + 10);
        expect(farm.desired).toBe(options.minTasks);
        expect(farm.machines).toHaveLength(options.instances ? options.minTasks : 0);
      }),
      { numRuns: 60 },
    );
  });
});
