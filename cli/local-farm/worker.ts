import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorkerEnvironment } from '../../worker/src/settings/settings.ts';
import { localCredentials } from './emulator.ts';

/** A worker on this machine, in a separate process. */
export interface WorkerProcess {
  pid: number;
  /** Its log so far, read from `logFile`: a JSON object a line, and what came on standard error. */
  readonly log: readonly string[];
  exited: Promise<WorkerExit>;
  /** What a cloud does: SIGTERM, and SIGKILL for it and all it started when it has not gone in time. */
  stop(graceSeconds?: number): Promise<WorkerExit>;
  kill(signal: NodeJS.Signals): void;
}

export interface WorkerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const entry = fileURLToPath(new URL('../../worker/src/main.ts', import.meta.url));
const dieWithParent = new URL('die-with-parent.mjs', import.meta.url).href;

/**
 * As in the worker's image: a small young generation keeps the heap small, and one arena keeps the C library from holding
 * what was freed. With compiled code at hand Node's TypeScript compiler is not loaded; the image needs none, as it holds
 * JavaScript.
 */
const workerNodeFlags = ['--max-semi-space-size=1'];
const workerProcessEnvironment = {
  MALLOC_ARENA_MAX: '1',
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/worker', import.meta.url)),
};

/**
 * Starts the worker with nothing but its settings in its environment, as a container has it, and the queue's
 * credentials, which in the cloud come from the task's role.
 * @param logFile where its output goes; made or added to. Without it, nowhere
 */
export function startWorker(environment: WorkerEnvironment, logFile: string = devNull): WorkerProcess {
  // A file and no pipe: a worker whose reader was killed would hang on its next line.
  const output = openSync(logFile, 'a');
  const child = spawn(process.execPath, [...workerNodeFlags, '--import', dieWithParent, entry], {
    env: {
      ...workerProcessEnvironment,
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
      ...environment,
    } as NodeJS.ProcessEnv,
    stdio: ['ignore', output, output, 'ipc'],
    // A separate group: Ctrl-C reaches us alone, and we end the worker in order.
    detached: true,
  });
  closeSync(output);

  const exited = new Promise<WorkerExit>((resolve) => {
    child.once('error', (error) => {
      appendFileSync(logFile, `could not start ${process.execPath}: ${error.message}\n`);
      resolve({ code: 127, signal: null });
    });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const pid = child.pid ?? -1;

  return {
    pid,
    get log() {
      return readFileSync(logFile, 'utf8').split('\n').filter(Boolean);
    },
    exited,
    kill: (signal) => void child.kill(signal),
    stop: async (graceSeconds = 10) => {
      child.kill('SIGTERM');
      const patience = new AbortController();
      const late = sleep(graceSeconds * 1000, 'late' as const, { signal: patience.signal, ref: false });
      late.catch(() => undefined);
      if ((await Promise.race([exited, late])) === 'late') killGroup(pid);
      patience.abort();
      return exited;
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
