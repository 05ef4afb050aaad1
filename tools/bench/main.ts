import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { scaling } from '../simulation/bench.ts';
import { cli } from './cli.ts';
import { coordination } from './coordination/bench.ts';
import { firstSegment } from './first-segment.ts';
import { fn } from './function.ts';
import { joined } from './joined.ts';
import { ladder } from './ladder.ts';
import type { Bench, Goal } from './lib/bench.ts';
import { watchLeftovers } from './lib/leftovers.ts';
import { memory } from './memory.ts';
import { outputs } from './outputs.ts';
import { overlap } from './overlap.ts';
import { overlays } from './overlays.ts';
import { parallel } from './parallel.ts';
import { parts } from './parts.ts';
import { portal } from './portal/bench.ts';
import { reports } from './reports.ts';

const benches: Record<string, Bench> = {
  overlap,
  ladder,
  parts,
  parallel,
  joined,
  memory,
  'first-segment': firstSegment,
  scaling,
  cli,
  coordination,
  reports,
  outputs,
  function: fn,
  overlays,
  portal,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { film: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const names = positionals.length > 0 ? positionals : Object.keys(benches);
const unknown = names.find((name) => !(name in benches));
if (unknown !== undefined) {
  console.error(`There is no measurement "${unknown}". There are: ${Object.keys(benches).join(', ')}.`);
  process.exit(1);
}

console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}`);
const checkLeftovers = watchLeftovers();
for (const name of names) {
  const bench = benches[name] as Bench;
  console.log(`\n${name}: ${bench.what}`);
  const {
    ratio,
    more = {},
    goals = [],
  } = await bench.run({
    ...(values.film ? { film: values.film } : {}),
    log: (line) => console.log(`  ${line}`),
  });
  for (const [what, value] of Object.entries(more)) console.log(`  ${what}: ${value.toFixed(3)}`);
  for (const goal of [{ what: `${name} ratio`, value: ratio, goal: bench.goal }, ...goals]) printGoal(goal);
  checkLeftovers(name);
}

function printGoal({ what, value, goal }: Goal): void {
  const verdict = value <= goal ? 'reached' : 'MISSED';
  console.log(`  ${what} ${Number(value.toFixed(3))}, goal ${goal} or less: ${verdict}`);
}
