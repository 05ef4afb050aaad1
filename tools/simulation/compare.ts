import { type Measures, measure } from './measure.ts';
import { alwaysOn, instancePerJob, visibleCount } from './other-policies.ts';
import { farmPolicy, type Policy } from './policies.ts';
import { type Run, simulate } from './simulate.ts';
import { workerSpeed } from './speed.ts';
import { readStack, type Stack } from './stack.ts';
import { measureHeads, measureRow, table } from './table.ts';
import * as workloads from './workloads.ts';

export interface Comparison {
  /** This farm's, by workload. */
  farm: Map<string, Measures>;
  /** One of each policy. */
  matchDay: Run[];
}

/** Each workload under each policy, all with the same workers. */
export async function comparePolicies(
  stack: Stack,
  seed: number,
  log: (line: string) => void,
): Promise<Comparison> {
  const alone = await readStack(stack.file, { workersPerFilm: '1', wakeWorkers: '1' });
  const speed = workerSpeed(stack, 30).expected;
  const farm = farmPolicy(stack);
  const farmAlone = farmPolicy(alone, 'this farm, workersPerFilm 1');
  const policies: Policy[] = [farm, farmAlone, visibleCount(), instancePerJob(), alwaysOn(stack.traits)];
  const comparison: Comparison = { farm: new Map(), matchDay: [] };
  const made = [
    workloads.oneFilmADay(seed),
    workloads.matchDay(seed),
    workloads.steadyStream(seed),
    workloads.spotStorms(seed),
    workloads.backlog(seed),
  ];
  for (const workload of made) {
    const runs: Run[] = [];
    for (const policy of policies) runs.push(await simulate({ policy, workload, speed, seed }));
    const measured = runs.map((run) => measure(run));
    comparison.farm.set(workload.name, measured[0] as Measures);
    if (workload.name === 'match day') {
      comparison.matchDay = runs.filter(({ policy }) => policy !== farmAlone.name);
    }
    log('');
    log(`${workload.name}: ${workload.what}`);
    const rows = runs.map(({ policy }, index) => measureRow(policy, measured[index] as Measures));
    for (const line of table([measureHeads, ...rows])) log(line);
  }
  return comparison;
}
