import { beforeAll, describe, expect, it } from 'vitest';
import { rings } from '../../../tools/simulation/alarm.ts';
import { type Cloud, createCloud } from '../../../tools/simulation/cloud.ts';
import { Film } from '../../../tools/simulation/film.ts';
import type { GroupSettings, Machine, SpotStorm } from '../../../tools/simulation/group.ts';
import { reservationOf, startManagedScaling } from '../../../tools/simulation/managed-scaling.ts';
import type { MetricQuery } from '../../../tools/simulation/metrics.ts';
import { Random } from '../../../tools/simulation/random.ts';
import { readStack, type Stack } from '../../../tools/simulation/stack.ts';
import { Timeline } from '../../../tools/simulation/timeline.ts';
import { startTracking } from '../../../tools/simulation/tracking.ts';

const minute = 60_000;

let stack: Stack;
beforeAll(async () => {
  stack = await readStack('stacks/match-footage.yaml');
});

function cloudOf(group: Partial<GroupSettings> = {}, storms: SpotStorm[] = []): Cloud {
  if (!stack.gpu) throw new Error('the stack has no group');
  const { queueNames, retentionMs, traits } = stack;
  return createCloud(
    { queueNames, retentionMs, traits, group: { ...stack.gpu.group, ...group }, storms },
    { timeline: new Timeline(), random: new Random(1) },
    { onFilmDone: () => undefined },
  );
}

describe('an alarm', () => {
  const above = (value: number) => value > 1;

  it('rings when all of the last minutes breach', () => {
    expect(rings([0, 2, 2, 2], 3, above)).toBe(true);
    expect(rings([2, 2, 0, 2], 3, above)).toBe(false);
  });

  it('looks further back over minutes that are missing, and never rings on too few', () => {
    expect(rings([2, 2, undefined, 2], 3, above)).toBe(true);
    expect(rings([undefined, 2, undefined, 2], 3, above)).toBe(false);
  });
});

describe('managed scaling', () => {
  const start = (cloud: Cloud, maximumStep: number) => {
    if (!cloud.group) throw new Error('the cloud has no group');
    startManagedScaling(
      cloud.group,
      cloud.service,
      { minimumStep: 1, maximumStep, warmupMs: 180_000 },
      { timeline: cloud.timeline, random: new Random(2) },
    );
    return cloud.group;
  };

  it('starts two instances for one task where it may, and one in steps of one', async () => {
    for (const [maximumStep, count] of [
      [10_000, 2],
      [1, 1],
    ] as const) {
      const cloud = cloudOf();
      const group = start(cloud, maximumStep);
      cloud.service.setDesired(1);
      await cloud.timeline.run(10 * minute);
      expect(group.machines).toHaveLength(count);
    }
  });

  it('adds none while one is warming up, and then the next', async () => {
    const cloud = cloudOf();
    const group = start(cloud, 1);
    cloud.service.setDesired(3);
    await cloud.timeline.run(20 * minute);
    const ordered = group.machines.map(({ orderedAtMs }) => orderedAtMs);
    expect(ordered).toHaveLength(3);
    expect((ordered[1] ?? 0) - (ordered[0] ?? 0)).toBeGreaterThanOrEqual(180_000);
    expect((ordered[2] ?? 0) - (ordered[1] ?? 0)).toBeGreaterThanOrEqual(180_000);
  });

  it('does not order a second time what somebody else has ordered', async () => {
    const cloud = cloudOf();
    const group = start(cloud, 1);
    cloud.service.setDesired(3);
    group.setDesired(3);
    await cloud.timeline.run(15 * minute);
    expect(group.machines).toHaveLength(3);
    expect(cloud.service.running).toHaveLength(3);
  });

  it('takes empty instances away after 15 minutes, and none with a task', async () => {
    const cloud = cloudOf();
    const group = start(cloud, 1);
    cloud.service.setDesired(1);
    group.setDesired(3);
    await cloud.timeline.run(10 * minute);
    expect(reservationOf(group, cloud.service)).toBeCloseTo(100 / 3);
    await cloud.timeline.run(40 * minute);
    expect(group.alive).toHaveLength(1);
    expect(cloud.service.running).toHaveLength(1);
  });
});

describe('target tracking with the expressions of a stack', () => {
  /** With this seed tracking looks one second after the minute, when the newest value can't be read yet. */
  const early = 7;
  const start = (
    cloud: Cloud,
    { queries = stack.tracking.queries, seed = 3 }: { queries?: readonly MetricQuery[]; seed?: number } = {},
  ) => {
    const { timeline, service, metrics } = cloud;
    const query = stack.tracking.queries.find(({ id }) => id === 'reported')?.metricStat?.metric;
    const key = `${query?.namespace} ${query?.metricName} ${query?.dimensions.at(-1)?.value}`;
    metrics.measure(key, () => service.running.length || undefined);
    const settings = { ...stack.tracking, queries };
    startTracking(service, metrics, settings, { timeline, random: new Random(seed) });
    cloud.group?.setDesired(3);
    service.setDesired(3);
  };

  it.each([3, early])(
    'takes away what the backlog no longer needs, after 15 minutes, and not the busy one',
    async (seed) => {
      const cloud = cloudOf();
      start(cloud, { seed });
      cloud.jobs.send('job', new Film(1, 0, [600 * minute, 600 * minute]));
      await cloud.timeline.run(14 * minute);
      expect(cloud.service.desired).toBe(3);
      await cloud.timeline.run(40 * minute);
      // The film's two parts are made by two workers.
      expect(cloud.service.desired).toBe(2);
      expect(cloud.service.running.filter(({ worker }) => worker?.isBusy)).toHaveLength(2);
    },
  );

  it('would never take one away if the minute that no one has reported yet were filled with the target', async () => {
    const cloud = cloudOf();
    const filled = stack.tracking.queries.map((query) =>
      query.id === 'perTask'
        ? { ...query, expression: `IF(FILL(reported, 0) > 0, ${query.expression}, ${stack.tracking.target})` }
        : query,
    );
    start(cloud, { queries: filled, seed: early });
    cloud.jobs.send('job', new Film(1, 0, [600 * minute, 600 * minute]));
    await cloud.timeline.run(5 * 60 * minute);
    expect(cloud.service.desired).toBe(3);
  });

  it('keeps still while there is no backlog', async () => {
    const cloud = cloudOf();
    start(cloud);
    await cloud.timeline.run(60 * minute);
    expect(cloud.service.desired).toBe(3);
  });
});

describe('the group', () => {
  it('has its On-Demand base first, and Spot above it', async () => {
    const cloud = cloudOf();
    cloud.group?.setDesired(9);
    await cloud.timeline.run(minute);
    expect(cloud.group?.alive.map(({ isSpot }) => isSpot)).toEqual([false, true, true]);
  });

  it('loses all of Spot in a storm two minutes after the notice, and gets none until it is over', async () => {
    const cloud = cloudOf({}, [{ fromMs: 10 * minute, untilMs: 30 * minute }]);
    cloud.group?.setDesired(3);
    await cloud.timeline.run(11 * minute);
    expect(cloud.group?.alive).toHaveLength(3);
    await cloud.timeline.run(29 * minute);
    expect(cloud.group?.alive).toHaveLength(1);
    await cloud.timeline.run(32 * minute);
    expect(cloud.group?.alive).toHaveLength(3);
  });

  const took = (machine?: Machine) => (machine?.joinedAtMs ?? 0) - (machine?.orderedAtMs ?? 0);

  it('starts a stopped instance sooner than a new one', async () => {
    const cloud = cloudOf({ warm: 1 });
    cloud.group?.setDesired(2);
    await cloud.timeline.run(10 * minute);
    const [first, second] = cloud.group?.alive ?? [];
    expect(took(first)).toBeLessThan(60_000);
    expect(took(second)).toBeGreaterThanOrEqual(80_000);
  });

  it('makes the next stopped instance when the first has gone, and pays for that', async () => {
    const cloud = cloudOf({ warm: 1 });
    cloud.group?.setDesired(1);
    await cloud.timeline.run(10 * minute);
    expect(cloud.group?.machines).toHaveLength(1);
    cloud.group?.terminate(cloud.group.alive[0]?.id ?? '');
    await cloud.timeline.run(11 * minute);
    expect(cloud.group?.isEmpty).toBe(false);
    await cloud.timeline.run(20 * minute);
    expect(cloud.group?.isEmpty).toBe(true);
    cloud.group?.setDesired(1);
    await cloud.timeline.run(30 * minute);
    expect(cloud.group?.machines).toHaveLength(3);
    expect(took(cloud.group?.alive[0])).toBeLessThan(60_000);
  });

  it('starts a new instance where a job comes before the next one stands ready', async () => {
    const cloud = cloudOf({ warm: 1 });
    cloud.group?.setDesired(1);
    await cloud.timeline.run(10 * minute);
    cloud.group?.terminate(cloud.group.alive[0]?.id ?? '');
    await cloud.timeline.run(11 * minute);
    cloud.group?.setDesired(1);
    await cloud.timeline.run(30 * minute);
    expect(took(cloud.group?.alive[0])).toBeGreaterThanOrEqual(80_000);
  });
});
