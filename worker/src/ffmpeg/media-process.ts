import { spawn } from 'node:child_process';
import { constants as osConstants, setPriority } from 'node:os';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { readLines } from './lines.ts';
import { causeIn, tellsDamage } from './stderr.ts';

/** Stops and continues a running ffmpeg; a stopped one is not taken for hung. */
export interface PauseControl {
  pause(): void;
  resume(): void;
}

/** ffmpeg ended, and not well. */
export class MediaToolError extends Error {
  override readonly name = 'MediaToolError';
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
  /** True where we killed it: it made no progress, or took longer than allowed. */
  readonly timedOut: boolean;
  /** The last lines that it wrote on standard error; `message` has the one that says why. */
  readonly stderrTail: string;

  constructor(message: string, ending: Ending) {
    const cause = causeIn(ending.stderrTail);
    super(cause ? `${message}: ${cause}` : message);
    this.exitCode = ending.exitCode;
    this.killedBy = ending.killedBy;
    this.timedOut = ending.timedOut;
    this.stderrTail = ending.stderrTail;
  }
}

interface Ending {
  exitCode: number | null;
  killedBy: NodeJS.Signals | null;
  timedOut: boolean;
  stderrTail: string;
}

export interface RunOptions {
  cwd?: string;
  signal?: AbortSignal;
  /** In all. */
  timeoutSeconds?: number;
  /** Between two calls of `alive`. */
  stallSeconds?: number;
  isSourceStalled?: () => boolean;
  /** Where the driver keeps what it compiles of CUDA filters: without it, each process compiles them again. */
  cudaCachePath?: string;
  onStdout: (stdout: Readable, alive: () => void) => void;
  onLine?: readonly ((line: string) => void)[];
  onStart?: (pauseControl: PauseControl) => void;
}

const killAfterMs = 2_000;
const stderrTailBytes = 4_000;

/**
 * Runs a media tool to its end: no shell, no standard input, an environment without credentials, a process group of
 * its own that is killed whole.
 * @throws MediaToolError when it ends otherwise than with 0, hangs, or is killed; the signal's reason when aborted
 */
export async function runMediaTool(
  program: string,
  args: string[],
  options: RunOptions,
): Promise<{ errorLines: number }> {
  options.signal?.throwIfAborted();
  const pipes = (options.onLine ?? []).map(() => 'pipe' as const);
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.cudaCachePath === undefined ? {} : { CUDA_CACHE_PATH: options.cudaCachePath },
    stdio: ['ignore', 'pipe', 'pipe', ...pipes],
    // A process group of its own, so that nothing it starts outlives it.
    detached: true,
  });
  const ended = new Promise<{ exitCode: number | null; killedBy: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, killedBy) => resolve({ exitCode, killedBy }));
    },
  );

  let stderrTail = '';
  let errorLines = 0;
  const errorLinesRead = readLines(child.stdio[2] as Readable, (line) => {
    stderrTail = `${stderrTail}${line}\n`.slice(-stderrTailBytes);
    if (tellsDamage(line)) errorLines += 1;
  });
  const linesRead = (options.onLine ?? []).map((onLine, index) => {
    return readLines(child.stdio[index + 3] as Readable, onLine);
  });

  let timedOut = false;
  let paused = false;
  let forced: NodeJS.Timeout | undefined;
  const stop = (first: NodeJS.Signals) => {
    killGroup(child.pid, first);
    forced ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), killAfterMs);
  };
  const giveUp = () => {
    if (paused || options.isSourceStalled?.()) return alive();
    timedOut = true;
    // A hung process may be one that is stopped, which only SIGKILL reaches.
    stop('SIGKILL');
  };
  const seconds = options.timeoutSeconds ?? options.stallSeconds ?? 60;
  let watchdog = setTimeout(giveUp, seconds * 1000);
  function alive(): void {
    clearTimeout(watchdog);
    watchdog = setTimeout(giveUp, seconds * 1000);
  }
  const onAbort = () => stop('SIGKILL');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (child.stdout) options.onStdout(child.stdout, alive);
  if (child.pid !== undefined) lowerPriority(child.pid);
  options.onStart?.({
    pause() {
      paused = true;
      killGroup(child.pid, 'SIGSTOP');
    },
    resume() {
      paused = false;
      killGroup(child.pid, 'SIGCONT');
      alive();
    },
  });

  try {
    const { exitCode, killedBy } = await ended;
    options.signal?.throwIfAborted();
    await Promise.all([errorLinesRead, ...linesRead]);
    if (exitCode === 0) return { errorLines };
    const ending = { exitCode, killedBy, timedOut, stderrTail: stderrTail.trim() };
    throw new MediaToolError(`${basename(program)} ${describe(ending, seconds)}`, ending);
  } finally {
    clearTimeout(watchdog);
    clearTimeout(forced);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function describe({ exitCode, killedBy, timedOut }: Ending, seconds: number): string {
  if (timedOut) return `was killed: no progress for ${seconds} s`;
  if (killedBy) return `was killed by ${killedBy}`;
  return `ended with exit code ${exitCode}`;
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Heartbeats, reads and uploads of the worker come before the encoder's threads. */
function lowerPriority(pid: number) {
  try {
    setPriority(pid, osConstants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system forbids it; neither matters.
  }
}
