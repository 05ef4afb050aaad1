import { pessimistic } from './constants.ts';
import { measure } from './measure.ts';
import { instancePerJob } from './other-policies.ts';
import { middlePhases, type Phases, phasesOf } from './phases.ts';
import { farmPolicy } from './policies.ts';
import { simulate } from './simulate.ts';
import { workerSpeed } from './speed.ts';
import { readStack, type Stack } from './stack.ts';
import { table } from './table.ts';
import * as workloads from './workloads.ts';

export interface ColdStart {
  name: string;
  phases: Phases;
  p50Seconds: number;
  p95Seconds: number;
}

/** What passes until encoding starts, under one policy after another, and under the pessimistic start-up times. */
export async function startFromZero(stack: Stack, seed: number, log: (line: string) => void) {
  const workload = workloads.oneFilmADay(seed);
  const speed = workerSpeed(stack, 30).expected;
  const warm = await readStack(stack.file, { warmInstances: '1' });
  const policies = [
    farmPolicy(managedScalingAlone(stack), 'managed scaling alone'),
    farmPolicy(stack),
    farmPolicy(warm, 'warmInstances: 1'),
    instancePerJob(),
    farmPolicy(stack, 'this farm, pessimistic', pessimistic),
    farmPolicy(warm, 'warmInstances: 1, pessimistic', pessimistic),
  ];
  const bars: ColdStart[] = [];
  for (const policy of policies) {
    const run = await simulate({ policy, workload, speed, seed });
    const { encodingStartsSeconds } = measure(run);
    bars.push({
      name: policy.name,
      phases: middlePhases(phasesOf(run)),
      p50Seconds: encodingStartsSeconds.p50,
      p95Seconds: encodingStartsSeconds.p95,
    });
  }
  log('');
  log('from none until encoding starts, in seconds (the middle of each phase)');
  const heads = ['', 'ordered', 'in the cluster', 'worker', 'encoder', 'all: p50', 'p95'];
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
