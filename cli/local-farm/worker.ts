import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorkerEnvironment } from '../../worker/src/settings.ts';
import { localCredentials } from './emulator.ts';

/** A worker on this machine, in a process of its own. */
export interface WorkerProcess {
  pid: number;
  /** Its log so far, a JSON object a line as it wrote them, with what came on standard error. */
  log: readonly string[];
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
 * As in the worker's image: a small young generation frees the buffers of segments and source blocks soon, and one
 * arena keeps the C library from holding what was freed. Without them the worker is a third larger.
 */
const workerNodeFlags = ['--max-semi-space-size=1'];
const workerProcessEnvironment = { MALLOC_ARENA_MAX: '1' };

/** Lines kept in memory; the file has all. */
const keptLines = 5000;

/**
 * Starts the worker with nothing but its settings in its environment, as a container has it, and the queue's
 * credentials, which in the cloud come from the task's role.
 */
export function startWorker(environment: WorkerEnvironment, logFile?: string): WorkerProcess {
  const child = spawn(process.execPath, [...workerNodeFlags, '--import', dieWithParent, entry], {
    env: {
      ...workerProcessEnvironment,
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
      ...environment,
    } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C reaches us alone, and we end the worker in order.
    detached: true,
  });
  const log: string[] = [];
  const file = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
  const keep = (line: string) => {
    log.push(line);
    if (log.length > keptLines) log.shift();
    file?.write(`${line}\n`);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', keep);
  }

  const exited = new Promise<WorkerExit>((resolve) => {
    child.once('error', (error) => {
      keep(`could not start ${process.execPath}: ${error.message}`);
      resolve({ code: 127, signal: null });
    });
    child.once('close', (code, signal) => {
      file?.end();
      resolve({ code, signal });
    });
  });
  const pid = child.pid ?? -1;

  return {
    pid,
    log,
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
