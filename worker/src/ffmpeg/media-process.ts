import { type ChildProcess, spawn } from 'node:child_process';
import { constants as osConstants, setPriority } from 'node:os';
import { basename } from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { readLines } from './lines.ts';
import { causeIn, tellsDamage } from './stderr.ts';

/** Stops and continues a running ffmpeg; a stopped one does not count as hung. */
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
  /** As it could be typed into a shell: for the log. */
  readonly command: string;

  constructor(message: string, ending: Ending, command: readonly string[] = []) {
    const cause = causeIn(ending.stderrTail);
    super(cause ? `${message}: ${cause}` : message);
    this.exitCode = ending.exitCode;
    this.killedBy = ending.killedBy;
    this.timedOut = ending.timedOut;
    this.stderrTail = ending.stderrTail;
    this.command = command.map(quoted).join(' ');
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
  /** It is short, and a film waits for it: it does not stand behind what other work takes of the processor. @default false */
  keepsPriority?: boolean;
  /** In all. */
  timeoutSeconds?: number;
  /** Between two calls of `alive`. */
  stallSeconds?: number;
  isSourceStalled?: () => boolean;
  /** Where the driver keeps what it compiles of CUDA filters: without it, each process compiles them again. */
  cudaCachePath?: string;
  /** See `FfmpegCall`. */
  fontConfigPath?: string | undefined;
  onStdout: (stdout: Readable, alive: () => void) => void;
  onLine?: readonly ((line: string) => void)[];
  /** Descriptors behind those of `onLine` that the tool reads from. */
  writes?: number;
  onWrites?: (streams: Writable[]) => void;
  /** Takes what the tool writes to the descriptor behind all others. */
  onBytes?: ((stream: Readable) => void) | undefined;
  onErrorLine?: ((line: string) => void) | undefined;
  onStart?: (pauseControl: PauseControl) => void;
}

const stderrTailBytes = 4_000;

/**
 * Runs a media tool to its end.
 * @throws MediaToolError when it ends otherwise than with 0, hangs, or is killed; the signal's reason when aborted
 */
export async function runMediaTool(
  program: string,
  args: string[],
  options: RunOptions,
): Promise<{ errorLines: number }> {
  options.signal?.throwIfAborted();
  return new MediaProcess(program, args, options).ended();
}

/**
 * A running media tool: no shell, no standard input, an environment without credentials, and a process group of its own
 * that is killed whole, so that nothing it starts outlives it.
 */
class MediaProcess implements PauseControl {
  readonly #command: readonly string[];
  readonly #options: RunOptions;
  readonly #child: ChildProcess;
  readonly #exit: Promise<{ exitCode: number | null; killedBy: NodeJS.Signals | null }>;
  readonly #linesRead: Promise<unknown>[];
  readonly #limitSeconds: number;
  #stderrTail = '';
  #errorLines = 0;
  #watchdog: NodeJS.Timeout | undefined;
  /** While the tool is stopped: kills it if this process is lost. */
  #guard: ChildProcess | undefined;
  #timedOut = false;

  constructor(program: string, args: string[], options: RunOptions) {
    const { cwd, onLine = [], writes = 0, onWrites, onBytes, onStdout, onStart, signal } = options;
    const pipes = onLine.length + writes + (onBytes ? 1 : 0);
    this.#command = [program, ...args];
    this.#options = options;
    this.#limitSeconds = options.timeoutSeconds ?? options.stallSeconds ?? 60;
    this.#child = spawn(program, args, {
      cwd,
      env: environmentOf(options),
      stdio: ['ignore', 'pipe', 'pipe', ...Array<'pipe'>(pipes).fill('pipe')],
      detached: true,
    });
    this.#exit = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (exitCode, killedBy) => resolve({ exitCode, killedBy }));
    });
    this.#linesRead = [(line: string) => this.#onErrorLine(line), ...onLine].map((read, index) =>
      readLines(this.#child.stdio[index + 2] as Readable, read),
    );
    const others = this.#child.stdio.slice(3 + onLine.length) as unknown as Duplex[];
    onWrites?.(others.slice(0, writes).map(forWriting));
    if (onBytes) onBytes(others[writes] as Duplex);
    this.#alive();
    signal?.addEventListener('abort', this.#kill, { once: true });
    if (this.#child.stdout) onStdout(this.#child.stdout, () => this.#alive());
    if (!options.keepsPriority) lowerPriority(this.#child.pid);
    onStart?.(this);
  }

  pause(): void {
    this.#guard ??= guardOf(this.#child.pid);
    signalGroup(this.#child.pid, 'SIGSTOP');
  }

  resume(): void {
    signalGroup(this.#child.pid, 'SIGCONT');
    this.#dismissGuard();
    this.#alive();
  }

  async ended(): Promise<{ errorLines: number }> {
    const { signal } = this.#options;
    try {
      const { exitCode, killedBy } = await this.#exit;
      signal?.throwIfAborted();
      await Promise.all(this.#linesRead);
      if (exitCode === 0) return { errorLines: this.#errorLines };
      const ending = { exitCode, killedBy, timedOut: this.#timedOut, stderrTail: this.#stderrTail.trim() };
      const how = describe(ending, this.#limitSeconds);
      throw new MediaToolError(`${basename(this.#command[0] ?? '')} ${how}`, ending, this.#command);
    } finally {
      clearTimeout(this.#watchdog);
      this.#dismissGuard();
      signal?.removeEventListener('abort', this.#kill);
    }
  }

  #dismissGuard(): void {
    this.#guard?.stdin?.end('\n');
    this.#guard = undefined;
  }

  #onErrorLine(line: string): void {
    this.#stderrTail = `${this.#stderrTail}${line}\n`.slice(-stderrTailBytes);
    if (tellsDamage(line)) this.#errorLines += 1;
    this.#options.onErrorLine?.(line);
  }

  #alive(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#giveUp(), this.#limitSeconds * 1000);
  }

  #giveUp(): void {
    if (this.#guard || this.#options.isSourceStalled?.()) {
      this.#alive();
      return;
    }
    this.#timedOut = true;
    this.#kill();
  }

  /** SIGKILL from the start: what it makes is thrown away, and a stopped process hears nothing else. */
  readonly #kill = (): void => signalGroup(this.#child.pid, 'SIGKILL');
}

/** A pipe of Node's is a socket: it closes when the other end has, and then only if it is read to its end. */
function forWriting(pipe: Duplex): Writable {
  // Whoever writes sees that it was destroyed; why the tool went is in its exit.
  return pipe.on('error', () => {}).resume();
}

function environmentOf({ cudaCachePath, fontConfigPath }: RunOptions): NodeJS.ProcessEnv {
  return {
    ...(fontConfigPath === undefined ? {} : { FONTCONFIG_FILE: fontConfigPath }),
    ...(cudaCachePath === undefined ? {} : { CUDA_CACHE_PATH: cudaCachePath }),
  };
}

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02 */
function quoted(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

function describe({ exitCode, killedBy, timedOut }: Ending, seconds: number): string {
  if (timedOut) return `was killed: no progress for ${seconds} s`;
  if (killedBy) return `was killed by ${killedBy}`;
  return `ended with exit code ${exitCode}`;
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

/**
 * A running tool whose worker is lost fails with the next byte that it reads or writes; a stopped one would stay for good.
 * A shell waits for the end of a pipe that only this process holds, and kills the tool's group, unless a line came first.
 */
function guardOf(pid: number | undefined): ChildProcess | undefined {
  if (pid === undefined) return undefined;
  const guard = spawn('sh', ['-c', 'read -r line || kill -s KILL -- "-$0"', String(pid)], {
    env: { PATH: process.env.PATH },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without one the tool is stopped all the same.
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  return guard;
}

/** Heartbeats, reads and uploads of the worker come before the encoder's threads. */
function lowerPriority(pid: number | undefined) {
  if (pid === undefined) return;
  try {
    setPriority(pid, osConstants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system forbids it; neither matters.
  }
}
