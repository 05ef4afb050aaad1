import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { managedScalingAlone } from '../../../tools/simulation/from-zero.ts';
import { measure } from '../../../tools/simulation/measure.ts';
import { alwaysOn, instancePerJob, visibleCount } from '../../../tools/simulation/other-policies.ts';
import { phasesOf } from '../../../tools/simulation/phases.ts';
import { farmPolicy } from '../../../tools/simulation/policies.ts';
import { type Run, simulate } from '../../../tools/simulation/simulate.ts';
import { readStack, type Stack } from '../../../tools/simulation/stack.ts';
import type { Workload } from '../../../tools/simulation/workloads.ts';
import * as workloads from '../../../tools/simulation/workloads.ts';

const minute = 60_000;
const hour = 60 * minute;

const stacks: Stack[] = [];
beforeAll(async () => {
  for (const file of [
    'stacks/match-footage.yaml',
    'Pulumi.prod.yaml',
    'stacks/movie-site.yaml',
    'stacks/inbox.yaml',
  ]) {
    stacks.push(await readStack(file));
  }
  stacks.push(await readStack('stacks/match-footage.yaml', { warmInstances: '1' }));
});

const policyNames = ['farm 0', 'farm 1', 'farm 2', 'farm 3', 'farm 4', 'per job', 'always on'] as const;

function policyOf(name: string) {
  const [first] = stacks;
  if (!first) throw new Error('no stack was read');
  if (name === 'per job') return instancePerJob();
  if (name === 'always on') return alwaysOn(first.traits);
  return farmPolicy(stacks[Number(name.at(-1))] ?? first);
}

const anyWorkload: fc.Arbitrary<Workload> = fc
  .record({
    films: fc.array(fc.record({ atMs: fc.nat(5 * hour), seconds: fc.integer({ min: 30, max: 7200 }) }), {
      minLength: 1,
      maxLength: 12,
    }),
    storms: fc.array(
      fc.record({ fromMs: fc.nat(6 * hour), lengthMs: fc.integer({ min: minute, max: hour }) }),
      {
        maxLength: 3,
      },
    ),
  })
  .map(({ films, storms }) => ({
    name: 'any',
    what: '',
    films: films.sort((a, b) => a.atMs - b.atMs),
    storms: storms.map(({ fromMs, lengthMs }) => ({ fromMs, untilMs: fromMs + lengthMs })),
    untilMs: 5 * hour,
  }));

const anyRun = (names: readonly string[]) =>
  fc.record({
    name: fc.constantFrom(...names),
    workload: anyWorkload,
    speed: fc.double({ min: 1, max: 12, noNaN: true }),
    seed: fc.nat(),
  });

/** Runs of any workload, made once for all tests that look at them. */
function runsOf(names: readonly string[], count: number) {
  let made: Promise<{ run: Run; workload: Workload; given: string }[]> | undefined;
  const make = async () => {
    const seed = Date.now();
    const runs = [];
    for (const given of fc.sample(anyRun(names), { numRuns: count, seed })) {
      const { name, workload, speed, seed: dice } = given;
      const run = await simulate({ policy: policyOf(name), workload, speed, seed: dice });
      runs.push({ run, workload, given: `${JSON.stringify(given)}, sampled with seed ${seed}` });
    }
    return runs;
  };
  return () => {
    made ??= make();
    return made;
  };
}

describe('whatever films come, and whenever Spot goes', () => {
  const runs = runsOf(policyNames, 60);

  it('loses no film: each is made, and only once', async () => {
    for (const { run, workload, given } of await runs()) {
      expect(run.films, given).toHaveLength(workload.films.length);
      expect(
        run.films.filter(({ doneAtMs }) => doneAtMs === undefined),
        given,
      ).toEqual([]);
      expect(
        run.films.map(({ finishes }) => finishes),
        given,
      ).toEqual(run.films.map(() => 1));
    }
  });

  it('has no worker that does two things at once, or works where nothing was bought', async () => {
    for (const { run, given } of await runs()) {
      const { work, machines } = run;
      const freeFrom = new Map(
        machines.map(({ id, joinedAtMs }) => [id, joinedAtMs ?? Number.POSITIVE_INFINITY]),
      );
      const endedAt = new Map(
        machines.map(({ id, endedAtMs }) => [id, endedAtMs ?? Number.POSITIVE_INFINITY]),
      );
      for (const { machineId, fromMs, toMs } of [...work].sort((a, b) => a.fromMs - b.fromMs)) {
        expect(fromMs, given).toBeGreaterThanOrEqual(freeFrom.get(machineId) ?? Number.POSITIVE_INFINITY);
        expect(toMs, given).toBeLessThanOrEqual(endedAt.get(machineId) ?? 0);
        freeFrom.set(machineId, toMs);
      }
    }
  });

  it('buys at least what it uses, and never more instances at once than there may be', async () => {
    for (const { run, given } of await runs()) {
      const { boughtHours, usedHours, wastedHours } = measure(run);
      expect(boughtHours, given).toBeGreaterThanOrEqual(usedHours + wastedHours);
      const most = run.policy === 'this farm' ? 5 : 3;
      expect(Math.max(0, ...run.minutes.map(({ instances }) => instances)), given).toBeLessThanOrEqual(most);
    }
  });

  it('comes to the same with the same seed', async () => {
    const day = workloads.matchDay(5);
    const storms = [0, 1, 2].map((nth) => {
      const fromMs = day.untilMs + nth * hour;
      return { fromMs, untilMs: fromMs + 10 * minute };
    });
    const workload = { ...day, storms };
    const of = async (seed: number) =>
      measure(await simulate({ policy: policyOf('farm 0'), workload, speed: 5, seed }));
    expect(await of(1)).toEqual(await of(1));
    expect(await of(1)).not.toEqual(await of(2));
  });
});

describe('this farm', () => {
  const runs = runsOf(
    policyNames.filter((name) => name.startsWith('farm')),
    60,
  );

  it('never kills a film by scaling, and has nothing left to pay for in the end', async () => {
    for (const { run, given } of await runs()) {
      expect(measure(run).killed, given).toBe(0);
      expect(
        run.machines.filter(({ endedAtMs }) => endedAtMs === undefined),
        given,
      ).toEqual([]);
    }
  });

  it('makes each part about once: a lost worker costs one part, not the film', async () => {
    for (const { run, given } of await runs()) {
      const { films, work } = run;
      const losses = films.reduce((sum, { lostToSpot }) => sum + lostToSpot, 0);
      const cutOff = work.filter(({ part, useful }) => part && !useful);
      const parts = films.flatMap(({ parts }) => parts);
      expect(cutOff.length, given).toBeLessThanOrEqual(losses);
      expect(work.filter(({ part, useful }) => part && useful).length, given).toBe(parts.length);
    }
  });

  it('buys at most 1.15 of what it uses on a match day, whatever the seed', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const run = await simulate({
        policy: policyOf('farm 0'),
        workload: workloads.matchDay(seed),
        speed: 4.74,
        seed,
      });
      expect(measure(run).boughtPerUsed).toBeLessThanOrEqual(1.15);
    }
  });

  it('orders instances itself, a minute or two before managed scaling would', async () => {
    // Far enough apart for the farm to sleep in between.
    const films = Array.from({ length: 10 }, (_, nth) => ({ atMs: 3 * nth * hour, seconds: 7200 }));
    const workload = { ...workloads.oneFilmADay(3), films, untilMs: 30 * hour };
    const orders = async (stack: Stack | undefined) => {
      if (!stack) throw new Error('no stack was read');
      const run = await simulate({ policy: farmPolicy(stack), workload, speed: 5, seed: 3 });
      return phasesOf(run).map(({ order }) => order);
    };
    const [stack] = stacks;
    expect(Math.max(...(await orders(stack)))).toBeLessThan(10);
    expect(Math.max(...(await orders(stack && managedScalingAlone(stack))))).toBeGreaterThan(30);
  });
});

it('kills busy workers where ten minutes without a visible message end all instances', async () => {
  const run = await simulate({ policy: visibleCount(), workload: workloads.singleFilm(), speed: 5, seed: 1 });
  expect(run.films[0]?.killedByScaling).toBeGreaterThan(0);
});
