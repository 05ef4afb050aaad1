// `npm run soak`: many jobs while workers are killed, stopped and held up, and storage and queue go wrong. Not part of
// the tests, for it takes as long as asked.
import { parseArgs } from 'node:util';
import { runSoak } from './run.ts';

const usage = `npm run soak -- [options]
  --jobs N      jobs in all (200)
  --kill P      share of the jobs whose worker is lost while they run, 0 to 1 (0.3)
  --mutants P   share of the jobs whose film is damaged, 0 to 1 (0.1)
  --workers N   workers at once (2)
  --seed N      of everything random (1)
  --json        the numbers as one JSON object in the last line`;

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    kill: { type: 'string', default: '0.3' },
    mutants: { type: 'string', default: '0.1' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const number = (name: 'jobs' | 'kill' | 'mutants' | 'workers' | 'seed', most: number): number => {
  const value = Number(values[name]);
  if (values[name].trim() !== '' && value >= 0 && value <= most) return value;
  console.error(`--${name} is "${values[name]}"; expected a number from 0 to ${most}.\n${usage}`);
  process.exit(1);
};

const numbers = await runSoak({
  jobs: number('jobs', 100_000),
  kill: number('kill', 1),
  mutants: number('mutants', 1),
  workers: number('workers', 64),
  seed: number('seed', 2 ** 32),
  log: (line) => console.log(line),
});
const { faults, ...counts } = numbers;
for (const [what, count] of Object.entries(counts)) console.log(`${what.padEnd(16)} ${count}`);
for (const fault of faults) console.log(`FAULT ${fault}`);
if (values.json) console.log(JSON.stringify(numbers));
process.exitCode = faults.length > 0 ? 1 : 0;
