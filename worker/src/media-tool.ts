import { spawn } from 'node:child_process';
import { accessSync, constants as fsConstants } from 'node:fs';
import { constants as osConstants, setPriority } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Progress, readProgress } from './encode/progress.ts';

/**
 * The one place that starts ffmpeg and ffprobe. Every call reads its input through the same whitelists, has an empty
 * environment (no credentials), no standard input and no shell, and is killed with its whole process group.
 */
export interface MediaTools {
  /** @returns standard output. @throws MediaToolError */
  ffprobe(call: FfprobeCall): Promise<string>;
  /** @throws MediaToolError when it ends otherwise than with 0, hangs, or is killed; the signal's reason when aborted */
  ffmpeg(call: FfmpegCall): Promise<{ errorLines: number }>;
}

export interface FfprobeCall {
  /** URL of the source server on loopback. */
  input: string;
  args: readonly string[];
  timeoutSeconds: number;
  signal?: AbortSignal;
}

export interface FfmpegCall {
  /** URL of the source server on loopback, or a test picture made by ffmpeg itself. */
  input: { url: string } | { lavfi: string };
  /** Before `-i`. */
  inputArgs: readonly string[];
  /** After `-i`. */
  outputArgs: readonly string[];
  /** Working directory: output paths are relative to it. */
  cwd?: string;
  /** One handler for each of the file descriptors 3, 4, ... that the arguments write lines to. */
  onLine?: readonly ((line: string) => void)[];
  onProgress?: (progress: Progress) => void;
  /** Called once it runs, with the means to hold it back while the network is slower than the encoder. */
  onStart?: (brake: Brake) => void;
  /** Without progress for so long it is hung, and killed. */
  stallSeconds: number;
  /** True while it stands still because its source does: it is not hung then. */
  excused?: () => boolean;
  signal?: AbortSignal;
}

/** Stops and continues a running ffmpeg; a stopped one is not taken for hung. */
export interface Brake {
  pause(): void;
  resume(): void;
}

/**
 * Real containers only: playlists, `concat` scripts, SDP and the like point elsewhere, and a text file named .mp4 is
 * opened as such without this list.
 */
const inputFormats = [
  ['mov', 'mp4', 'm4a', '3gp', '3g2', 'mj2'],
  ['matroska', 'webm'],
  [
    'mpegts',
    'mpeg',
    'mpegvideo',
    'avi',
    'flv',
    'live_flv',
    'asf',
    'mxf',
    'ogg',
    'gxf',
    'wtv',
    'dv',
    'nut',
    'ivf',
    'rm',
  ],
  ['mp3', 'aac', 'flac', 'wav', 'w64', 'aiff', 'ac3', 'eac3', 'amr', 'caf', 'h264', 'hevc', 'm4v'],
].flat();

/** Options that stand before every `-i`. */
const inputLimits = ['-protocol_whitelist', 'http,tcp', '-format_whitelist', inputFormats.join(',')];

/** ffmpeg ended, and not well. */
export class MediaToolError extends Error {
  override readonly name = 'MediaToolError';
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
  /** True where we killed it: it made no progress, or took longer than allowed. */
  readonly timedOut: boolean;
  /** The last lines that it wrote on standard error. */
  readonly stderrTail: string;

  constructor(message: string, ending: Ending) {
    super(ending.stderrTail ? `${message}\n${ending.stderrTail}` : message);
    this.exitCode = ending.exitCode;
    this.killedBy = ending.killedBy;
    this.timedOut = ending.timedOut;
    this.stderrTail = ending.stderrTail;
  }
}

export interface MediaToolPaths {
  ffmpegPath: string;
  ffprobePath: string;
  /** Decoders refuse larger frames at once, before they ask for memory. */
  maxPixels: number;
  maxStreams: number;
}

/** @throws Error when a program is not there */
export function openMediaTools(paths: MediaToolPaths): MediaTools {
  const ffmpeg = findProgram(paths.ffmpegPath);
  const ffprobe = findProgram(paths.ffprobePath);
  const limits = [
    ...inputLimits,
    '-max_streams',
    String(paths.maxStreams),
    '-max_pixels',
    String(paths.maxPixels),
  ];

  return {
    async ffprobe({ input, args, timeoutSeconds, signal }) {
      let output = '';
      await run(ffprobe, ['-hide_banner', '-v', 'error', ...limits, ...args, '-i', input], {
        signal,
        timeoutSeconds,
        onStdout: (stdout) => {
          stdout.setEncoding('utf8').on('data', (text: string) => {
            output += text;
          });
        },
      });
      return output;
    },

    ffmpeg({
      input,
      inputArgs,
      outputArgs,
      cwd,
      onLine = [],
      onProgress,
      onStart,
      stallSeconds,
      excused,
      signal,
    }) {
      const source =
        'url' in input
          ? [...limits, ...inputArgs, '-i', input.url]
          : [...inputArgs, '-f', 'lavfi', '-i', input.lavfi];
      const head = [
        '-hide_banner',
        '-nostdin',
        '-y',
        '-v',
        'error',
        '-nostats',
        '-progress',
        'pipe:1',
        '-stats_period',
        '0.5',
      ];
      return run(ffmpeg, [...head, ...source, ...outputArgs], {
        cwd,
        signal,
        onLine,
        onStart,
        stallSeconds,
        excused,
        onStdout: (stdout, alive) =>
          readProgress(stdout, (progress, moved) => {
            if (moved) alive();
            onProgress?.(progress);
          }),
      });
    },
  };
}

interface Ending {
  exitCode: number | null;
  killedBy: NodeJS.Signals | null;
  timedOut: boolean;
  stderrTail: string;
}

interface RunOptions {
  cwd?: string;
  signal?: AbortSignal;
  /** In all. */
  timeoutSeconds?: number;
  /** Between two calls of `alive`. */
  stallSeconds?: number;
  excused?: () => boolean;
  onStdout: (stdout: Readable, alive: () => void) => void;
  onLine?: readonly ((line: string) => void)[];
  onStart?: (brake: Brake) => void;
}

const killAfterMs = 2_000;
const stderrTailBytes = 4_000;

async function run(program: string, args: string[], options: RunOptions): Promise<{ errorLines: number }> {
  options.signal?.throwIfAborted();
  const pipes = (options.onLine ?? []).map(() => 'pipe' as const);
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: {},
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
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorLines += text.split('\n').length - 1;
    stderrTail = (stderrTail + text).slice(-stderrTailBytes);
  });
  const linesRead = (options.onLine ?? []).map((onLine, index) => {
    const lines = createInterface({ input: child.stdio[index + 3] as Readable }).on('line', onLine);
    return new Promise((resolve) => lines.once('close', resolve));
  });

  let timedOut = false;
  let forced: NodeJS.Timeout | undefined;
  const stop = (first: NodeJS.Signals) => {
    killGroup(child.pid, first);
    forced ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), killAfterMs);
  };
  const giveUp = () => {
    if (options.excused?.()) return alive();
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
      clearTimeout(watchdog);
      killGroup(child.pid, 'SIGSTOP');
    },
    resume() {
      killGroup(child.pid, 'SIGCONT');
      alive();
    },
  });

  try {
    const { exitCode, killedBy } = await ended;
    options.signal?.throwIfAborted();
    await Promise.all(linesRead);
    if (exitCode === 0) return { errorLines };
    const ending = { exitCode, killedBy, timedOut, stderrTail: stderrTail.trim() };
    throw new MediaToolError(`${program} ${describe(ending, seconds)}`, ending);
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

/** The child gets no PATH, so the program is found here. */
function findProgram(name: string): string {
  if (name.includes('/')) return name;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, fsConstants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(
    `"${name}" was not found on the PATH. Install ffmpeg, or name it in FFMPEG_PATH and FFPROBE_PATH.`,
  );
}
