import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findProgram, SetupError, tryRun } from '../process.mjs';

const keyrings = ['pgp', 'gpg'].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`);

/**
 * Unpacks ffmpeg and the libraries that it loads from the packages of a Debian release, beside the system's own. An apt
 * separate configuration keeps the machine's package lists as they are; apt checks every signature and hash.
 */
export function unpackDebian(folder, release) {
  for (const program of ['apt-get', 'dpkg-deb']) {
    if (!findProgram(program)) throw new SetupError(`Debian's ffmpeg can't be unpacked without ${program}.`);
  }
  const work = mkdtempSync(join(tmpdir(), `ffmpeg-${release}-`));
  try {
    const apt = aptCommand(work, release);
    run([...apt, 'update'], `The package lists of Debian ${release} could not be read.`);
    run(
      [...apt, 'install', '--download-only', '--yes', '--no-install-recommends', 'ffmpeg'],
      `The ffmpeg of Debian ${release} could not be downloaded.`,
    );
    const system = join(work, 'root');
    const archives = join(work, 'cache', 'archives');
    for (const name of readdirSync(archives).filter((entry) => entry.endsWith('.deb'))) {
      run(['dpkg-deb', '--extract', join(archives, name), system], `${name} could not be unpacked.`);
    }
    for (const program of ['ffmpeg', 'ffprobe']) keepProgram(system, folder, program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** An apt-get that knows the packages of `release` alone and takes none of them for installed. */
function aptCommand(work, release) {
  for (const path of ['lists/partial', 'cache/archives/partial', 'sources.d'])
    mkdirSync(join(work, path), { recursive: true });
  writeFileSync(join(work, 'status'), '');
  writeFileSync(join(work, 'sources.list'), sourcesOf(release));
  const places = {
    'Dir::Etc::SourceList': 'sources.list',
    'Dir::Etc::SourceParts': 'sources.d',
    'Dir::State::Lists': 'lists',
    'Dir::State::Status': 'status',
    'Dir::Cache': 'cache',
  };
  return [
    'apt-get',
    ...Object.entries(places).flatMap(([option, path]) => ['-o', `${option}=${join(work, path)}`]),
    // apt's own user can't write to this folder.
    '-o',
    'APT::Sandbox::User=root',
  ];
}

/** The mirrors that the machine's own release comes from have the other releases too. */
function sourcesOf(release) {
  const { output } = tryRun(['apt-get', 'update', '--print-uris']);
  const mirrors = [...output.matchAll(/'(\S+\/debian(-security)?)\/dists\/\S+\/InRelease'/g)];
  const archive = mirrors.find(([, , security]) => !security)?.[1];
  const security = mirrors.find(([, , isSecurity]) => isSecurity)?.[1];
  if (!archive) {
    throw new SetupError(
      'The apt configuration of this machine names no mirror of Debian (apt-get update --print-uris).',
    );
  }
  const key = keyrings.find((path) => existsSync(path));
  if (!key)
    throw new SetupError('The keys of Debian are missing. Install the package debian-archive-keyring.');
  return [
    `deb [signed-by=${key}] ${archive} ${release} main\n`,
    ...(security ? [`deb [signed-by=${key}] ${security} ${release}-security main\n`] : []),
  ].join('');
}

/** Copies a program with the libraries that it loads, and writes a script that starts it with their own loader. */
function keepProgram(system, folder, program) {
  const libraries = foldersWithLibraries(system);
  const loader = libraries.flatMap(({ path, names }) =>
    names.filter(isLoader).map((name) => join(path, name)),
  )[0];
  if (!loader) throw new SetupError("Debian's libc was unpacked without its loader.");
  const search = libraries.map(({ path }) => path).join(':');
  const binary = join(system, 'usr', 'bin', program);
  const { ok, output } = tryRun([loader, '--library-path', search, '--list', binary]);
  if (!ok || output.includes('not found')) throw new SetupError(`${program} lacks a library:\n${output}`);

  const kept = join(folder, 'lib');
  mkdirSync(kept, { recursive: true });
  const loaded = [...output.matchAll(/ => (\/\S+)/g)].map(([, path]) => path);
  for (const path of [...loaded, loader, binary]) copyFileSync(path, join(kept, basename(path)));
  const start = `'${join(kept, basename(loader))}' --library-path '${kept}' '${join(kept, program)}'`;
  writeFileSync(join(folder, program), `#!/bin/sh\nexec ${start} "$@"\n`);
  chmodSync(join(folder, program), 0o755);
}

/** The system's own libraries come first; some lie in separate folders (blas, pulseaudio). */
function foldersWithLibraries(system) {
  return ['lib', 'usr/lib']
    .map((path) => join(system, path))
    .filter((path) => existsSync(path))
    .flatMap((path) => [path, ...foldersIn(path)])
    .map((path) => ({ path, names: readdirSync(path).filter((name) => /\.so(\.\d+)*$/.test(name)) }))
    .filter(({ names }) => names.length > 0);
}

function foldersIn(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((one, other) => one.length - other.length);
}

function isLoader(name) {
  return /^ld-linux.*\.so\.\d+$/.test(name);
}

function run(command, failure) {
  const { ok, output } = tryRun(command, { env: { DEBIAN_FRONTEND: 'noninteractive' } });
  if (!ok) throw new SetupError(`${failure}\n${output.trim().split('\n').slice(-5).join('\n')}`);
}
