import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { localCredentials } from './emulator.ts';

/** A worker or a reporter on this machine, in a process of its own. */
export interface FarmProcess {
  pid: number;
  /** Its log so far, read from `logFile`: a JSON object a line, and what came on standard error. */
  readonly log: readonly string[];
  exited: Promise<ProcessExit>;
  /** What a cloud does: SIGTERM, and SIGKILL for it and all it started when it has not gone in time. */
  stop(graceSeconds?: number): Promise<ProcessExit>;
  kill(signal: NodeJS.Signals): void;
}

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const dieWithParent = new URL('die-with-parent.mjs', import.meta.url).href;
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/worker', import.meta.url));

/**
 * Starts a program with nothing but its settings in its environment, as a container has it, and AWS credentials, which in the cloud
 * come from its role.
 * @param logFile where its output goes; made or added to
 */
export function startProcess(
  entry: URL,
  nodeFlags: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  logFile: string,
): FarmProcess {
  // A file and no pipe: a worker whose reader was killed would hang on its next line.
  const output = openSync(logFile, 'a');
  const child = spawn(process.execPath, [...nodeFlags, '--import', dieWithParent, fileURLToPath(entry)], {
    env: {
      NODE_COMPILE_CACHE: compileCache,
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
      ...environment,
    } as NodeJS.ProcessEnv,
    stdio: ['ignore', output, output, 'ipc'],
    // A group of its own: Ctrl-C reaches us alone, and we end the process in order.
    detached: true,
  });
  closeSync(output);

  const exited = new Promise<ProcessExit>((resolve) => {
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
