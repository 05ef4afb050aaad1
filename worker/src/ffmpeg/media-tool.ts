import type { Readable } from 'node:stream';
import { RefusedError } from '../errors.ts';
import { shortHash } from '../short-hash.ts';
import { type FfmpegInput, type FilmLimits, filmLimits, inputArguments, memoryLimit } from './inputs.ts';
import { readLines } from './lines.ts';
import { type PauseControl, runMediaTool } from './media-process.ts';
import { aboutProgram, findProgram } from './programs.ts';
import { type Progress, readProgress } from './progress.ts';
import { argumentsFor, readVersion } from './version.ts';

export { MediaToolError, type PauseControl } from './media-process.ts';

/**
 * The one way to start ffmpeg and ffprobe. Every call reads its input through the same whitelists (`inputs.ts`), has an empty
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

export interface FfmpegCall {
  input: FfmpegInput;
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

/** ffprobe's output on a film's streams and first packets is a few kilobytes. */
const maxProbeChars = 8 * 2 ** 20;

const tooLongHeader =
  'The file describes its streams at a length that no film needs: it is damaged, or made to do harm. Upload the film again.';

export interface MediaToolPaths extends FilmLimits {
  ffmpegPath: string;
  ffprobePath: string;
  /** A folder that can be written to; made by the driver. */
  cudaCachePath?: string;
}

/** @throws Error when a program is missing or too old */
export function openMediaTools(paths: MediaToolPaths): MediaTools {
  const ffmpeg = findProgram(paths.ffmpegPath);
  const ffprobe = findProgram(paths.ffprobePath);
  const about = aboutProgram(ffmpeg);
  const version = readVersion(about, ffmpeg);
  const limits = filmLimits(paths);

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
      const argumentsOf = (each: FfmpegInput, args: readonly string[]) =>
        inputArguments(each, args, paths, 3 + onLine.length);
      const source = argumentsOf(input, inputArgs);
      const first = lavfiFirst === undefined ? [] : ['-f', 'lavfi', '-i', lavfiFirst];
      const more = moreInputs.flatMap((each) => argumentsOf({ url: each.url }, each.inputArgs));
      const texts = textInputs.flatMap((textUrl) => argumentsOf({ textUrl }, textInputArgs));
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
