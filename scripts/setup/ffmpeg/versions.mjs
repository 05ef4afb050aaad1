import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, SetupError, say, tryRun } from '../process.mjs';
import { cacheFolder, isWhole, recordContents } from './cache.mjs';
import { unpackDebian } from './debian.mjs';
import { unpackWheel } from './wheel.mjs';

/** The versions of ffmpeg that every change is tried on, and where each comes from. */
const sources = {
  5.1: (folder) => unpackDebian(folder, 'bookworm'),
  // What the worker's image carries.
  7.1: (folder) => unpackDebian(folder, 'trixie'),
  // This package has no ffprobe: the one of the version before reads its films.
  '9.0': (folder, root) => unpackWheel(folder, ensureFfmpegVersion(root, '7.1').ffprobe),
};

export const ffmpegVersions = Object.keys(sources).sort();

/** @returns the version of the ffmpeg in PATH, as in `5.1` */
export function hostFfmpegVersion() {
  return versionOf(findProgram('ffmpeg') ?? 'ffmpeg');
}

/**
 * Gets one version of ffmpeg into a folder beside the npm packages, unless it is there and whole.
 * @returns full paths of its programs. @throws SetupError when it can't be had on this machine
 */
export function ensureFfmpegVersion(root, version) {
  const unpack = sources[version];
  if (!unpack) throw new SetupError(`ffmpeg ${version} is not one of ${ffmpegVersions.join(', ')}.`);
  if (process.platform !== 'linux')
    throw new SetupError('Other versions of ffmpeg are packaged for Linux only.');
  const folder = cacheFolder(root, version);
  const programs = { ffmpeg: join(folder, 'ffmpeg'), ffprobe: join(folder, 'ffprobe') };
  if (isWhole(folder) && versionOf(programs.ffmpeg) === version) return programs;

  const done = say(`Unpacking ffmpeg ${version}`);
  try {
    rmSync(folder, { recursive: true, force: true });
    unpack(folder, root);
    const found = versionOf(programs.ffmpeg);
    if (found !== version)
      throw new SetupError(`What was unpacked as ffmpeg ${version} is version ${found}.`);
    recordContents(folder);
  } catch (error) {
    done('did not work');
    throw error;
  }
  done();
  return programs;
}

function versionOf(program) {
  return /^ffmpeg version n?(\d+\.\d+)/.exec(tryRun([program, '-version']).output)?.[1];
}
