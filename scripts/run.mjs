// `npm run TASK`: sets up what the task needs and is missing, then runs it on the pinned Node 24. Plain JavaScript
// without packages, for this runs first, on any Node from 20.
import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureFfmpegVersion } from './setup/ffmpeg/versions.mjs';
import { ensurePackages, isNewEnough, pinnedNode } from './setup/packages.mjs';
import { findProgram, SetupError, tryRun } from './setup/process.mjs';
import { ensureChromium, ensureFfmpeg, ensurePostgres } from './setup/tools.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const ensure = {
  ffmpeg: ensureFfmpeg,
  chromium: () => ensureChromium(root),
  postgres: ensurePostgres,
};

const tasks = {
  demo: { packages: 'demo', needs: ['ffmpeg'], script: 'cli/main.ts', args: ['demo'] },
  test: {
    needs: ['ffmpeg', 'chromium', 'postgres'],
    script: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--project', '!long', '--project', '!films'],
  },
  'test:films': {
    needs: ['ffmpeg', 'chromium'],
    script: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--project', 'films'],
  },
  'test:long': {
    needs: ['ffmpeg', 'chromium', 'postgres'],
    script: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--project', 'long'],
  },
  'test:all': {
    needs: ['ffmpeg', 'chromium', 'postgres'],
    script: 'node_modules/vitest/vitest.mjs',
    args: ['run'],
  },
  bench: {
    needs: ['ffmpeg'],
    node: ['--disable-warning=ExperimentalWarning'],
    script: 'tools/bench/main.ts',
    args: [],
  },
  soak: { needs: ['ffmpeg'], script: 'test/soak/main.ts', args: [] },
  cost: {
    needs: [],
    node: ['--disable-warning=ExperimentalWarning'],
    script: 'tools/cost/main.ts',
    args: [],
  },
  check: { needs: ['ffmpeg', 'chromium', 'postgres'], script: 'scripts/check.ts', args: [] },
};

try {
  const { name, ffmpeg, isStrict, args } = readArguments(process.argv.slice(2));
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (!task) throw new SetupError(`There is no task "${name}". Tasks: ${Object.keys(tasks).join(', ')}.`);
  ensurePackages(root, task.packages);
  if (isStrict) process.env.STRICT_SERVICES = 'true';
  if (ffmpeg !== undefined) {
    // Tests make their clips with the system's all the same.
    process.env.CLIP_FFMPEG = findProgram('ffmpeg') ?? 'ffmpeg';
    process.env.PATH = dirname(ensureFfmpegVersion(root, ffmpeg).ffmpeg) + delimiter + process.env.PATH;
  }
  for (const need of task.needs) ensure[need]();
  // Halves the start of each Node: tests start hundreds. Benches measure starts.
  if (name !== 'bench') process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'compiled');
  start(runtime(), [...(task.node ?? []), join(root, task.script), ...task.args, ...args]);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/**
 * `--ffmpeg VERSION` runs a task with another ffmpeg than the system's, `--strict` runs tests against emulators that refuse
 * and limit as the real services do; the rest belongs to the task.
 */
function readArguments([name, ...all]) {
  const args = all.filter((arg) => arg !== '--strict');
  const isStrict = args.length < all.length;
  const at = args.indexOf('--ffmpeg');
  if (at < 0) return { name, isStrict, args };
  return { name, isStrict, ffmpeg: args[at + 1] ?? '', args: args.toSpliced(at, 2) };
}

/** The pinned Node; this very one where that does not run (the packaged one wants glibc) and this is new enough. */
function runtime() {
  if (tryRun([pinnedNode(root), '--version']).ok) return pinnedNode(root);
  if (isNewEnough()) return process.execPath;
  throw new SetupError(
    `The packaged Node 24 does not run on this system, and this is Node ${process.version}.\n` +
      'Install Node 24 or later (https://nodejs.org/en/download) and try again.',
  );
}

function start(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  // A terminal gives Ctrl-C to the child as well; other signals come here alone.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}
