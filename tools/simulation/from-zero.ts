import { measure } from './measure.ts';
import { instancePerJob } from './other-policies.ts';
import { middlePhases, type Phases, phasesOf } from './phases.ts';
import { farmPolicy } from './policies.ts';
import { simulate } from './simulate.ts';
import { workerSpeed } from './speed.ts';
import { readStack, type Stack } from './stack.ts';
import { duration, table } from './table.ts';
import * as workloads from './workloads.ts';

export interface ColdStart {
  name: string;
  phases: Phases;
  p50Seconds: number;
  p95Seconds: number;
}

/** What a film a day waits for, with one way after another. */
export async function startFromZero(stack: Stack, seed: number, log: (line: string) => void) {
  const workload = workloads.oneFilmADay(seed);
  const speed = workerSpeed(stack, 30).limit;
  const warm = await readStack(stack.file, { warmInstances: '1' });
  const policies = [
    farmPolicy(managedScalingAlone(stack), 'managed scaling alone'),
    farmPolicy(stack),
    farmPolicy(warm, 'warmInstances: 1'),
    instancePerJob(),
  ];
  const bars: ColdStart[] = [];
  for (const policy of policies) {
    const run = await simulate({ policy, workload, speed, seed });
    const { firstFrameSeconds } = measure(run);
    bars.push({
      name: policy.name,
      phases: middlePhases(phasesOf(run)),
      p50Seconds: firstFrameSeconds.p50,
      p95Seconds: firstFrameSeconds.p95,
    });
  }
  log('');
  log('from none to the first frame, in seconds (the middle of each phase)');
  const heads = ['', 'ordered', 'in the cluster', 'worker', 'first frame', 'all: p50', 'p95'];
  const rows = bars.map(({ name, phases, p50Seconds, p95Seconds }) => [
    name,
    ...[phases.order, phases.boot, phases.start, phases.plan, p50Seconds, p95Seconds].map((value) =>
      value.toFixed(0),
    ),
  ]);
  for (const line of table([heads, ...rows])) log(line);
  return {
    bars,
    p95Seconds: bars[1]?.p95Seconds ?? Number.NaN,
    warmP95Seconds: bars[2]?.p95Seconds ?? Number.NaN,
  };
}

/** The farm as it would be if ECS managed scaling alone ordered instances, and for one worker a film. */
export function managedScalingAlone(stack: Stack): Stack {
  const rules = { ...stack.waker.rules, tasksPerInstance: Number.POSITIVE_INFINITY, wakeWorkers: 1 };
  return { ...stack, waker: { ...stack.waker, rules } };
}

/** The stack files, each with a film of two hours a day. */
export async function startStacks(seed: number, log: (line: string) => void): Promise<void> {
  const rows: string[][] = [];
  for (const name of [
    'Pulumi.prod.yaml',
    'stacks/match-footage.yaml',
    'stacks/movie-site.yaml',
    'Pulumi.dev.yaml',
    'stacks/inbox.yaml',
    'stacks/upload-portal.yaml',
    'stacks/always-on.yaml',
  ]) {
    const stack = await readStack(name);
    const speed = workerSpeed(stack, 30).careful;
    const run = await simulate({
      policy: farmPolicy(stack),
      workload: workloads.oneFilmADay(seed),
      speed,
      seed,
    });
    const { firstFrameSeconds, filmMinutes } = measure(run);
    const { minTasks, maxTasks } = stack.waker.rules;
    rows.push([
      name,
      stack.gpu ? 'GPU' : 'Fargate',
      `${minTasks} to ${maxTasks}`,
      String(stack.traits.workersPerFilm),
      duration(firstFrameSeconds.p50),
      duration(firstFrameSeconds.p95),
      duration(filmMinutes.p50 * 60),
    ]);
  }
  log('');
  log('a film of 2 h a day on each stack, at the speed that costs are reckoned with');
  for (const line of table([
    ['stack', '', 'workers', 'a film', 'first frame p50', 'p95', 'film p50'],
    ...rows,
  ]))
    log(line);
}
