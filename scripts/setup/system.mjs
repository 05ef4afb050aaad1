import { findProgram, say, tryRun } from './process.mjs';

/** Names of packages differ from system to system; `undefined` where there is none that fits. */
const managers = [
  { program: 'apt-get', install: ['install', '-y', '--no-install-recommends'], refresh: ['update'] },
  { program: 'dnf', install: ['install', '-y'] },
  { program: 'yum', install: ['install', '-y'] },
  { program: 'apk', install: ['add', '--no-cache'] },
  { program: 'pacman', install: ['-S', '--noconfirm', '--needed'], refresh: ['-Sy'] },
  { program: 'brew', install: ['install'], neverAsRoot: true },
];

const quiet = { DEBIAN_FRONTEND: 'noninteractive', HOMEBREW_NO_AUTO_UPDATE: '1' };

/**
 * Installs a package with the system's package manager.
 * @param names package by manager, such as `{ 'apt-get': 'ffmpeg' }`
 * @returns what became of it, and what to type manually when it did not work
 */
export function installWithSystem(what, names) {
  const manager = managers.find(({ program }) => findProgram(program));
  const name = manager && names[manager.program];
  if (!manager || !name) return { ok: false, byHand: undefined, output: '' };

  const asRoot = manager.neverAsRoot || process.getuid?.() === 0 ? [] : sudo();
  const command = [...asRoot, manager.program, ...manager.install, name];
  const byHand = [...(asRoot.length > 0 ? ['sudo'] : []), manager.program, ...manager.install, name].join(
    ' ',
  );
  if (!manager.neverAsRoot && process.getuid?.() !== 0 && asRoot.length === 0) {
    return { ok: false, byHand: `(as root) ${byHand}`, output: 'not root, and sudo is not installed' };
  }

  const done = say(`Installing ${what} with ${manager.program}`);
  let result = tryRun(command, { env: quiet });
  // New machines and containers have no package lists yet.
  if (!result.ok && manager.refresh) {
    tryRun([...asRoot, manager.program, ...manager.refresh], { env: quiet });
    result = tryRun(command, { env: quiet });
  }
  done(result.ok ? 'done' : 'did not work');
  return { ...result, byHand };
}

/** Without a terminal, sudo must not wait for a password. */
function sudo() {
  if (!findProgram('sudo')) return [];
  return process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
}
