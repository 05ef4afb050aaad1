import { pessimistic } from './constants.ts';
import { measure } from './measure.ts';
import { farmPolicy, type Policy } from './policies.ts';
import { type Run, simulate } from './simulate.ts';
import { workerSpeed } from './speed.ts';
import { readStack, type Stack } from './stack.ts';
import { table } from './table.ts';
import * as workloads from './workloads.ts';

/** A film of two hours, from none, at what speed and with what ready. */
export async function makeOneFilm(stack: Stack, seed: number, log: (line: string) => void) {
  const times = 40;
  const medianRun = async (policy: Policy, speed: number) => {
    const runs: Run[] = [];
    for (let nth = 0; nth < times; nth++)
      runs.push(await simulate({ policy, workload: workloads.singleFilm(), speed, seed: seed + nth }));
    const minutes = (run: Run) => measure(run).filmMinutes.p50;
    runs.sort((a, b) => minutes(a) - minutes(b));
    const at = (share: number) => minutes(runs[Math.ceil(share * times) - 1] as Run);
    return { run: runs[times / 2] as Run, p50: at(0.5), p95: at(0.95) };
  };
  const [at30, at25] = [workerSpeed(stack, 30), workerSpeed(stack, 25)];
  const alone = await readStack(stack.file, { workersPerFilm: '1', wakeWorkers: '1' });
  const quickStack = await readStack(stack.file, { nvencPreset: 'p3' });
  const warm = await readStack(stack.file, { warmInstances: '3', onDemandBase: '3' });
  const cases = [
    { name: '30/s', of: stack, speed: at30.expected },
    { name: '25/s', of: stack, speed: at25.expected },
    { name: '30/s, one worker', of: alone, speed: at30.expected },
    { name: '30/s, nvencPreset p3', of: quickStack, speed: workerSpeed(quickStack, 30).expected },
    { name: '30/s, 3 warm', of: warm, speed: at30.expected },
    { name: "30/s, chip's limit", of: stack, speed: at30.limit },
    { name: "25/s, chip's limit", of: stack, speed: at25.limit },
    { name: '30/s, pessimistic', of: stack, speed: at30.expected, starts: pessimistic },
    { name: "30/s, a quarter of the chip's limit", of: stack, speed: at30.slowest },
  ];
  const made = [];
  for (const { name, of, speed, starts } of cases)
    made.push({ name, speed, ...(await medianRun(farmPolicy(of, name, starts), speed)) });
  log('');
  log('one film of 2 h on a sleeping farm, 40 times');
  const rows = made.map(({ name, speed, p50, p95 }) => [
    name,
    `${speed.toFixed(1)}×`,
    `${p50.toFixed(1)} min`,
    `${p95.toFixed(1)} min`,
  ]);
  for (const line of table([['frames, speed', 'a worker', 'film whole p50', 'p95'], ...rows])) log(line);
  const [expected30, expected25, single, quick30, , limit30] = made;
  const runs = [expected30, limit30, expected25, single].flatMap((one) =>
    one ? [{ name: one.name, run: one.run }] : [],
  );
  const minutes = (one: { p50: number } | undefined) => one?.p50 ?? Number.NaN;
  return {
    runs,
    minutes30: minutes(expected30),
    minutesQuick: minutes(quick30),
    minutesAtLimit: minutes(limit30),
  };
}
