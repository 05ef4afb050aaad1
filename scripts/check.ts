import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ffmpegVersions, hostFfmpegVersion } from './setup/ffmpeg/versions.mjs';

/**
 * Everything that must hold before a change is merged. A line a check with its time; the output of those that failed; in
 * the end how many passed and failed. Exit code 1 if any failed.
 */
interface Check {
  name: string;
  /** For the Node that runs this. */
  args: string[];
  limitMinutes: number;
  /** Looks at what a run that ended well has printed. @throws Error that says what is wrong with it */
  validate?: (stdout: string) => void;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = await mkdtemp(join(tmpdir(), 'farm-check-'));

/** What depends on ffmpeg: its arguments, whole films, and films made to do harm. */
const ffmpegTests = [
  'test/films',
  'test/hostile',
  'test/worker/encode',
  'test/worker/ffmpeg',
  'test/worker/plan/filters.test.ts',
  'test/worker/probe',
];

/** Of those, what our own code, players and storage decide, whichever ffmpeg made the segments. */
const sameForAll = [
  ...['added-files', 'clip-refusals', 'defects', 'seams'].map((name) => `test/films/${name}.test.ts`),
  ...['keys', 'subtitles'].map((name) => `test/hostile/${name}.test.ts`),
  'test/films/dash.long.test.ts',
  'test/worker/encode/part.films.test.ts',
  'test/worker/ffmpeg/media-process.test.ts',
];

/** Films damaged at random: with the ffmpeg of this machine and with that of the worker's image. */
const mutations = 'test/hostile/mutations.long.test.ts';
const imageVersion = '7.1';

/**
 * Whole films, and faults, on storage that is unwell besides. All fault tests pass there, but take a quarter of an hour:
 * `npm run test:all -- --strict test/faults`. What runs here need not run among the long tests, on services that ask less.
 */
const strictFaults = ['interruptions', 'kinds', 'lost-workers', 'messages'].map(
  (name) => `test/faults/${name}.test.ts`,
);

/** Other versions come as packages for Linux. */
const otherVersions =
  process.platform === 'linux'
    ? ffmpegVersions.filter((version: string) => version !== hostFfmpegVersion())
    : [];

const except = (files: readonly string[]) => files.flatMap((file) => ['--exclude', file]);

const quickTests: Check = { name: 'tests', args: ['scripts/run.mjs', 'test'], limitMinutes: 15 };

/** They wait for clocks a good part of their time, and watch them: more at once than this miss them. */
const longTests: Check = {
  name: 'long tests',
  args: ['scripts/run.mjs', 'test:long', '--maxWorkers', '4', ...except(strictFaults)],
  limitMinutes: 25,
};

/**
 * Workers with the program's own rights, against services that check signatures, end sessions, limit and lose answers. They wait for
 * those most of their time: all files at once.
 */
const strictTests: Check = {
  name: 'strict',
  args: [
    ...['scripts/run.mjs', 'test:all', '--strict', '--maxWorkers', String(strictFaults.length + 1)],
    ...['test/films/small.test.ts', ...strictFaults],
  ],
  limitMinutes: 12,
};

/** They take both cores, and watch clocks: one after the other, and nothing beside them. */
const filmTests: Check[] = [
  // With the ffmpeg of this machine.
  { name: 'films', args: ['scripts/run.mjs', 'test:films'], limitMinutes: 16 },
  ...otherVersions.map((version: string) => ({
    name: `ffmpeg ${version}`,
    args: [
      ...['scripts/run.mjs', 'test:all', '--ffmpeg', version, ...ffmpegTests],
      ...except(version === imageVersion ? sameForAll : [...sameForAll, mutations]),
    ],
    limitMinutes: 16,
  })),
];

/** They read the code and run no clock: beside the strict tests, with what those leave of the processor. */
const reading: Check[] = [
  {
    name: 'lint',
    args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
    limitMinutes: 15,
  },
  { name: 'rooms', args: ['scripts/checks/rooms.ts'], limitMinutes: 3 },
  { name: 'words', args: ['scripts/checks/words.ts'], limitMinutes: 3 },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-p', '.'], limitMinutes: 12 },
  { name: 'dead code', args: ['node_modules/knip/bin/knip.js'], limitMinutes: 8 },
];

// docs/cost.md is held by a long test; this takes a minute, of simulated time alone.
const scalingPage: Check = {
  name: 'scaling page',
  args: ['scripts/checks/scaling-page.ts'],
  limitMinutes: 20,
};

const demo: Check = {
  name: 'demo',
  args: ['cli/main.ts', 'demo', '--exit', '--json', '--out', out],
  limitMinutes: 4,
  validate: checkDemo,
};

let [passed, failed] = [0, 0];
try {
  await inTurn([quickTests, longTests]);
  await Promise.all([
    inTurn([strictTests]),
    inTurn([...reading, scalingPage], constants.priority.PRIORITY_BELOW_NORMAL),
  ]);
  await inTurn([...filmTests, demo]);
} finally {
  await rm(out, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** @param priority of the processes, as `os.setPriority` takes it */
async function inTurn(checks: readonly Check[], priority = 0): Promise<void> {
  for (const check of checks) {
    const startedAt = performance.now();
    const { problem, output } = await run(check, priority);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(
      `${check.name.padEnd(12)} ${problem === undefined ? 'ok    ' : 'FAILED'} ${seconds.padStart(7)} s`,
    );
    if (problem === undefined) {
      passed += 1;
      continue;
    }
    failed += 1;
    console.log(`\n${output.trim()}\n\n${check.name}: ${problem}\n`);
  }
}

async function run(
  { args, limitMinutes, validate }: Check,
  priority: number,
): Promise<{ problem?: string; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMinutes * 60_000,
    env: { ...process.env, NO_COLOR: '1', CI: '1' },
  });
  // A process that could not be started has no id; what went wrong comes as an event.
  if (priority !== 0 && child.pid !== undefined) setPriority(child.pid, priority);
  const [stdout, output]: string[][] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout?.push(String(chunk));
    output?.push(String(chunk));
  });
  child.stderr.on('data', (chunk: Buffer) => output?.push(String(chunk)));
  const problem = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal ? `ended by ${signal} (the limit is ${limitMinutes} min)` : `exit code ${code}`);
    });
  });
  const text = output?.join('') ?? '';
  if (problem !== undefined || validate === undefined) return { problem, output: text };
  try {
    validate(stdout?.join('') ?? '');
    return { output: text };
  } catch (error) {
    return { problem: (error as Error).message, output: text };
  }
}

/** The last line of the demo's standard output describes a published film. */
function checkDemo(stdout: string): void {
  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    state: string;
    renditions: unknown[];
  };
  if (result.state !== 'succeeded') throw new Error(`the job ended as ${result.state}`);
  if (result.renditions.length < 2)
    throw new Error(`${result.renditions.length} renditions are not a ladder`);
}
