/** An ffmpeg that the worker can use. */
export interface FfmpegVersion {
  /** As ffmpeg writes it, such as `7.1.5-0+deb13u1` or `N-118000-g0123456789`. */
  name: string;
  major: number;
  /** Why films may come out otherwise than with the versions that the farm is tested on. */
  warning?: string;
}

/** The ffmpeg of this machine is too old, or is not ffmpeg. */
export class FfmpegVersionError extends Error {
  override readonly name = 'FfmpegVersionError';
}

const oldest = { major: 5, minor: 1 };
const newest = { major: 9, minor: 0 };
const supported = `${oldest.major}.${oldest.minor} to ${newest.major}.${newest.minor}`;

/**
 * @param output what `ffmpeg -version` wrote
 * @throws FfmpegVersionError for versions before 5.1, and for what is not ffmpeg
 */
export function readVersion(output: string, program: string): FfmpegVersion {
  const name = /^ffmpeg version (\S+)/.exec(output)?.[1];
  if (name === undefined)
    throw new FfmpegVersionError(`"${program}" does not print its version; is it ffmpeg?`);
  const release = releaseOf(name) ?? releaseOfLibrary(output);
  if (release === undefined) {
    return { name, major: newest.major, warning: `ffmpeg ${name} is of unknown age; ${tested}` };
  }
  if (isBefore(release, oldest)) {
    throw new FfmpegVersionError(
      `ffmpeg ${name} ("${program}") is too old: the farm needs ${supported}. Install a newer one ` +
        '(Debian 12, Ubuntu 24.04 and Homebrew have one), or name it in FFMPEG_PATH and FFPROBE_PATH.',
    );
  }
  if (isBefore(newest, release)) {
    return { name, major: release.major, warning: `ffmpeg ${name} is newer than the farm knows; ${tested}` };
  }
  return { name, major: release.major };
}

const tested = `the farm is tested with ${supported}. Look at a film before you rely on it.`;

/**
 * Arguments are written for ffmpeg 7 and later. This is the one place that knows what other versions call the same thing.
 */
export function argumentsFor({ major }: FfmpegVersion, args: readonly string[]): string[] {
  if (major >= 7) return [...args];
  // Both take the clock of the filters. Version 9 refuses -1, and 5 knows no names.
  const named = args.map((arg, index) =>
    arg === 'filter' && args[index - 1] === '-enc_time_base' ? '-1' : arg,
  );
  // Version 5 reads no fragment that the table leaves out. Where the lengths of frames vary it takes the last one for a moment's: it would be left out.
  return named
    .filter((_, index) => ![named[index], named[index - 1]].includes('-use_mfra_for'))
    .map((arg) => (major === 5 ? arg.replaceAll(lastFrameAsListed, 'eof_action=pass') : arg));
}

/** Of the filter `fps`: the last frame stands for as long as the container says. */
export const lastFrameAsListed = 'eof_action=round';

interface Release {
  major: number;
  minor: number;
}

/** `5.1.9-0+deb12u1`, `n9.0.2-17-g2a571b6068`, `7.1.2-Jellyfin`. */
function releaseOf(name: string): Release | undefined {
  const [, major, minor] = /^[nv]?(\d{1,2})\.(\d+)(?![\d-]*-git)/.exec(name) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

/** Builds of the development branch are named by commit or date. libavcodec counts up by one with each major version. */
function releaseOfLibrary(output: string): Release | undefined {
  const [, codecMajor, codecMinor] = /^libavcodec\s+(\d+)\.\s*(\d+)\./m.exec(output) ?? [];
  if (codecMajor === undefined) return undefined;
  const major = Number(codecMajor) - 54;
  // Version 5.1 came with libavcodec 59.37; within the others, minor versions make no difference here.
  const isFirst = major === oldest.major ? Number(codecMinor) < 37 : true;
  return { major, minor: isFirst ? 0 : 1 };
}

function isBefore(one: Release, other: Release): boolean {
  return one.major < other.major || (one.major === other.major && one.minor < other.minor);
}
