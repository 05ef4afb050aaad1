import { spawnSync } from 'node:child_process';
import { accessSync, constants as fsConstants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { RefusedError } from '../errors.ts';
import { shortHash } from '../short-hash.ts';
import { readLines } from './lines.ts';
import { type PauseControl, runMediaTool } from './media-process.ts';
import { type Progress, readProgress } from './progress.ts';
import { argumentsFor, readVersion } from './version.ts';

export { MediaToolError, type PauseControl } from './media-process.ts';

/**
 * The one place that starts ffmpeg and ffprobe. Every call reads its input through the same whitelists, has an empty
 * environment (no credentials), no standard input and no shell, and is killed with its whole process group.
 */
export interface MediaTools {
  /** ffmpeg's own, such as `7.1.5-0+deb13u1`: another version may encode otherwise. */
  readonly version: string;
  /** Why films may come out otherwise than with the versions that the farm is tested on. */
  readonly versionWarning?: string;
  /** Twelve hex digits over all that `-version` prints: how it was configured, and its libraries' versions. */
  readonly build: string;
  /**
   * @returns standard output; nothing where `onLine` takes it
   * @throws MediaToolError
   * @throws RefusedError when it writes more than a film's header can hold
   */
  ffprobe(call: FfprobeCall): Promise<string>;
  /** @throws MediaToolError when it ends otherwise than with 0, hangs, or is killed; the signal's reason when aborted */
  ffmpeg(call: FfmpegCall): Promise<{ errorLines: number }>;
}

export type ImageFormat = 'png' | 'jpeg' | 'webp';

export interface FfprobeCall {
  /** URL of the source server on loopback. */
  input: string;
  args: readonly string[];
  timeoutSeconds: number;
  /** Takes output of any length: a line for each packet of a film may be more than a string can hold. */
  onLine?: (line: string) => void;
  /** What it complains of, also where it ends well. */
  onErrorLine?: (line: string) => void;
  signal?: AbortSignal;
}

/** Samples in 32-bit floating point, little-endian. */
export interface SampleInput {
  sampleRate: number;
  channels: number;
}

export interface FfmpegCall {
  /**
   * URL of the source server on loopback, of WebVTT that the worker itself has made, a still image on this disk, a test picture made by ffmpeg
   * itself, or audio that the worker writes.
   */
  input:
    | { url: string }
    | { textUrl: string }
    | { imagePath: string; format: ImageFormat }
    | { lavfi: string }
    | { samples: readonly SampleInput[]; onOpen: (streams: Writable[]) => void };
  /** Made by ffmpeg itself, and read before all other inputs. */
  lavfiFirst?: string;
  /** Further inputs, each with the arguments before its own `-i`. */
  moreInputs?: readonly { url: string; inputArgs: readonly string[] }[];
  /** WebVTT that the worker itself has made; behind all other inputs. */
  textInputs?: readonly string[];
  /** Before each of them. */
  textInputArgs?: readonly string[];
  /** Before the first `-i`. */
  inputArgs: readonly string[];
  /** After `-i`. */
  outputArgs: readonly string[];
  /** Working directory: output paths are relative to it. */
  cwd?: string;
  /** A configuration of fontconfig: libass finds the fonts that it names, and none of the machine's. */
  fontConfigPath?: string | undefined;
  /** One handler for each of the file descriptors 3, 4, ... that the arguments write lines to. */
  onLine?: readonly ((line: string) => void)[];
  /** Takes what the arguments write to the descriptor behind those of `onLine`. */
  onBytes?: (stream: Readable) => void;
  onProgress?: (progress: Progress) => void;
  /** Called once it runs, with the means to hold it back while the network is slower than the encoder. */
  onStart?: (pauseControl: PauseControl) => void;
  /** Without progress for this long it is hung, and killed. */
  stallSeconds: number;
  /** True while it stands still because its source does: it is not hung then. */
  isSourceStalled?: () => boolean;
  signal?: AbortSignal;
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

/** ffprobe's output on a film's streams and first packets is a few kilobytes. */
const maxProbeChars = 8 * 2 ** 20;

const tooLongHeader =
  'The file describes its streams at a length that no film needs: it is damaged, or made to do harm. Upload the film again.';

/**
 * The most memory that ffmpeg asks for at once. The largest frame that is allowed takes half of it; a PNG of 1.5 MB, as an image or as
 * the video of a film, has a compressed profile or comment that takes 3 to 9 GB otherwise.
 */
const memoryLimit = ['-max_alloc', String(512 * 2 ** 20)];

/** Options that stand before every `-i`. */
const inputLimits = ['-protocol_whitelist', 'http,tcp', '-format_whitelist', inputFormats.join(',')];

/** One format, and nothing that the file could point to. */
function imageLimits(format: ImageFormat, maxPixels: number): string[] {
  const demuxer = `${format}_pipe`;
  return [
    ...['-protocol_whitelist', 'file', '-format_whitelist', demuxer],
    ...['-max_pixels', String(maxPixels), '-f', demuxer],
  ];
}

const sampleLimits = ['-protocol_whitelist', 'pipe', '-format_whitelist', 'f32le', '-f', 'f32le'];

function sampleInput({ sampleRate, channels }: SampleInput, descriptor: number): string[] {
  const format = ['-ar', String(sampleRate), '-ac', String(channels)];
  return [...sampleLimits, ...format, '-i', `pipe:${descriptor}`];
}

const textLimits = ['-protocol_whitelist', 'http,tcp', '-format_whitelist', 'webvtt', '-f', 'webvtt'];

export interface MediaToolPaths {
  ffmpegPath: string;
  ffprobePath: string;
  /** Decoders refuse larger frames at once, before they ask for memory. */
  maxPixels: number;
  maxStreams: number;
  /** A folder that can be written to; made by the driver. */
  cudaCachePath?: string;
}

/** @throws Error when a program is missing or too old */
export function openMediaTools(paths: MediaToolPaths): MediaTools {
  const ffmpeg = findProgram(paths.ffmpegPath);
  const ffprobe = findProgram(paths.ffprobePath);
  const about = aboutProgram(ffmpeg);
  const version = readVersion(about, ffmpeg);
  const limits = [
    ...inputLimits,
    '-max_streams',
    // One more than allowed: current versions leave out streams over this number without a word, and the probe counts.
    String(paths.maxStreams + 1),
    '-max_pixels',
    String(paths.maxPixels),
  ];

  return {
    version: version.name,
    versionWarning: version.warning,
    build: shortHash(about),

    async ffprobe({ input, args, timeoutSeconds, onLine, onErrorLine, signal }) {
      let output = '';
      let outputRead: Promise<void> | undefined;
      const tooLong = new AbortController();
      const keep = (line: string) => {
        if (output.length + line.length < maxProbeChars) output += `${line}\n`;
        else tooLong.abort(new RefusedError('not-media', tooLongHeader));
      };
      await runMediaTool(
        ffprobe,
        ['-hide_banner', '-v', 'error', ...memoryLimit, ...limits, ...args, '-i', input],
        {
          signal: signal ? AbortSignal.any([signal, tooLong.signal]) : tooLong.signal,
          keepsPriority: true,
          timeoutSeconds,
          onErrorLine,
          onStdout: (stdout) => {
            outputRead = readLines(stdout, onLine ?? keep);
          },
        },
      );
      await outputRead;
      return output;
    },

    ffmpeg({
      input,
      lavfiFirst,
      moreInputs = [],
      textInputs = [],
      textInputArgs = [],
      inputArgs,
      outputArgs,
      cwd,
      fontConfigPath,
      onLine = [],
      onBytes,
      onProgress,
      onStart,
      stallSeconds,
      isSourceStalled,
      signal,
    }) {
      const firstPipe = 3 + onLine.length;
      const source =
        'url' in input
          ? [...limits, ...inputArgs, '-i', input.url]
          : 'textUrl' in input
            ? [...textLimits, ...inputArgs, '-i', input.textUrl]
            : 'samples' in input
              ? input.samples.flatMap((each, n) => sampleInput(each, firstPipe + n))
              : 'lavfi' in input
                ? [...inputArgs, '-f', 'lavfi', '-i', input.lavfi]
                : [...imageLimits(input.format, paths.maxPixels), ...inputArgs, '-i', input.imagePath];
      const first = lavfiFirst === undefined ? [] : ['-f', 'lavfi', '-i', lavfiFirst];
      const more = moreInputs.flatMap((each) => [...limits, ...each.inputArgs, '-i', each.url]);
      const texts = textInputs.flatMap((url) => [...textLimits, ...textInputArgs, '-i', url]);
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
        ...memoryLimit,
      ];
      return runMediaTool(
        ffmpeg,
        argumentsFor(version, [...head, ...first, ...source, ...more, ...texts, ...outputArgs]),
        {
          cwd,
          fontConfigPath,
          signal,
          onLine,
          ...('samples' in input ? { writes: input.samples.length, onWrites: input.onOpen } : {}),
          onBytes,
          onStart,
          stallSeconds,
          isSourceStalled,
          cudaCachePath: paths.cudaCachePath,
          onStdout: (stdout, alive) =>
            readProgress(stdout, (progress, moved) => {
              if (moved) alive();
              onProgress?.(progress);
            }),
        },
      );
    },
  };
}

/** Its version, how it was built, and the versions of its libraries. */
function aboutProgram(program: string): string {
  const { stdout } = spawnSync(program, ['-version'], { env: {}, encoding: 'utf8', timeout: 10_000 });
  return stdout ?? '';
}

/** Names of the filters that an ffmpeg has. @throws Error where the program is missing */
export function readFilters(path: string): ReadonlySet<string> {
  const { stdout } = spawnSync(findProgram(path), ['-hide_banner', '-filters'], {
    env: {},
    encoding: 'utf8',
    timeout: 10_000,
  });
  const lines = (stdout ?? '').split('\n');
  return new Set(lines.flatMap((line) => /^ [A-Z.|]{2,3} +(\w+) +\S+->\S+/.exec(line)?.[1] ?? []));
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

/** Such as `Tesla T4, 535.183.01`. A task sees only its own GPU. */
export function readGpuName(): string {
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const { stdout } = spawnSync('nvidia-smi', query, {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return stdout?.split('\n')[0]?.trim() || 'unknown GPU';
}
