import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly, say } from './process.mjs';

/** Installs the npm packages of package-lock.json, unless they are there. */
export function ensurePackages(root) {
  if (packagesMatch(root)) return;
  // Not "npm ci": it refuses a lock file without the optional packages of other systems, which npm leaves out of lock
  // files that it makes beside a filled node_modules (https://github.com/npm/cli/issues/4828).
  const done = say('Installing npm packages (about a minute the first time)');
  // npm passes its own place to what it runs; without it, the one in PATH.
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  runQuietly([...npm, 'install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    failure: 'npm packages could not be installed. Try "npm install"manually to see more.',
  });
  done();
}

/** npm writes down what it installed: every package that the lock file asks for must be there in the same version. */
export function packagesMatch(root) {
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !installed || !existsSync(pinnedNode(root))) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    // Optional packages may be for other systems; links are the workspaces themselves.
    if (!path.includes('node_modules/') || entry.link || entry.optional || entry.devOptional) return true;
    return installed[path]?.version === entry.version;
  });
}

export function pinnedNode(root) {
  return join(root, 'node_modules', 'node', 'bin', 'node');
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
