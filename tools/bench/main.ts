import { availableParallelism, cpus, loadavg } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { benches } from './benches.ts';
import type { Bench, Measured } from './lib/bench.ts';
import { watchLeftovers } from './lib/leftovers.ts';
import { record } from './lib/recorded.ts';
import { type GoalOfRuns, goalsOfRuns, spreadOf } from './lib/runs.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    film: { type: 'string' },
    runs: { type: 'string', default: '1' },
    films: { type: 'string' },
    write: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(benches);
const unknown = names.find((name) => !(name in benches));
const runCount = Number(values.runs);
if (unknown !== undefined)
  fail(`There is no measurement "${unknown}". There are: ${Object.keys(benches).join(', ')}.`);
if (!(Number.isInteger(runCount) && runCount >= 1 && runCount <= 99))
  fail(`--runs: "${values.runs}" is not a number of runs from 1 to 99.`);

console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}`);
if (values.film) console.log(`Film: ${basename(values.film)}`);
const checkLeftovers = watchLeftovers();
const results: { name: string; goals: GoalOfRuns[]; runs: Measured[] }[] = [];
for (const name of names) {
  const bench = benches[name] as Bench;
  console.log(`\n${name}: ${bench.what}`);
  const runs: Measured[] = [];
  const loads: number[] = [];
  for (let run = 1; run <= runCount; run += 1) {
    // What else the machine had to do shows in times, and in CPU times too.
    const load = (loadavg()[0] ?? 0).toFixed(1);
    loads.push(Number(load));
    console.log(
      runCount > 1 ? `  run ${run} of ${runCount}, load before it ${load}` : `  load before it ${load}`,
    );
    runs.push(
      await bench.run({
        ...(values.film ? { film: values.film } : {}),
        ...(values.films ? { films: values.films } : {}),
        write: values.write,
        log: (line) => console.log(`  ${line}`),
      }),
    );
    checkLeftovers(name);
  }
  for (const what of Object.keys(runs[0]?.more ?? {})) {
    const { lowest, middle, highest } = spreadOf(runs.flatMap(({ more }) => more?.[what] ?? []));
    console.log(
      `  ${what}: ${middle.toFixed(3)}${runCount > 1 ? ` (${lowest.toFixed(3)} to ${highest.toFixed(3)})` : ''}`,
    );
  }
  const goals = goalsOfRuns(name, bench.goal, runs);
  for (const goal of goals) printGoal(goal);
  results.push({ name, goals, runs });
  if (values.record && values.film === undefined) record(name, { loads, goals, runs });
}
if (values.json) console.log(JSON.stringify({ benches: results }));

function printGoal({ what, value, goal, spread }: GoalOfRuns): void {
  const verdict = value <= goal ? 'reached' : 'MISSED';
  const digits = (number: number) => Number(number.toFixed(3));
  const range =
    runCount > 1 ? ` (${digits(spread.lowest)} to ${digits(spread.highest)} in ${runCount} runs)` : '';
  console.log(`  ${what} ${digits(value)}${range}, goal ${goal} or less: ${verdict}`);
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
