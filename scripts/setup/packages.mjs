import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly, say } from './process.mjs';

/** What `farm demo` runs. Their packages are a sixth of all: no Pulumi, compiler, linters or test runner. */
const demoWorkspaces = ['cli', 'worker', 'portal'];

/**
 * Installs the npm packages of package-lock.json, unless they are there.
 * @param only `demo` for what `farm demo` needs; by default all
 */
export function ensurePackages(root, only) {
  if (packagesMatch(root, only)) return;
  // A part would be put in order, and the rest left as it was.
  if (only === 'demo' && existsSync(installedLock(root))) return ensurePackages(root);
  // Not "npm ci": it refuses a lock file without the optional packages of other systems, which npm leaves out of lock
  // files that it makes beside a filled node_modules (https://github.com/npm/cli/issues/4828).
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  if (only === 'demo') {
    args.push(...demoWorkspaces.map((name) => `--workspace=${name}`));
    // npm's "dev" is this project's Node, and "optional" the compiler that a package may use.
    if (isNewEnough()) args.push('--omit=dev', '--omit=optional');
  }
  const done = say(
    only === 'demo'
      ? 'Installing the npm packages of the demo (half a minute the first time)'
      : 'Installing npm packages (about a minute the first time)',
    { counts: true },
  );
  // npm passes its own place to what it runs; without it, the one in PATH.
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  try {
    runQuietly([...npm, ...args], {
      cwd: root,
      failure: 'npm packages could not be installed. Try "npm install" manually to see more.',
    });
  } catch (error) {
    done('failed');
    throw error;
  }
  removeUnused(root);
  done();
}

/** What packages bring for others: Node's headers for those who compile against it (60 MB), and source maps of the player (27 MB). */
export function removeUnused(root) {
  const modules = join(root, 'node_modules');
  const inNode = join(modules, 'node', 'node_modules');
  const inPlayer = join(modules, 'hls.js', 'dist');
  const unused = [
    ...entriesOf(inNode, /^node-(?!bin-)\w+-\w+$/).flatMap((path) => [
      join(path, 'include'),
      join(path, 'share'),
    ]),
    ...entriesOf(inPlayer, /\.map$/),
  ];
  for (const path of unused) rmSync(path, { recursive: true, force: true });
}

function entriesOf(folder, pattern) {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => pattern.test(name)).map((name) => join(folder, name));
}

/** npm writes down what it installed: every package that the lock file asks for must be there in the same version. */
export function packagesMatch(root, only) {
  const locked = readLock(join(root, 'package-lock.json'));
  const installed = readLock(installedLock(root));
  if (!locked || !installed) return false;
  if (!(only === 'demo' && isNewEnough()) && !existsSync(pinnedNode(root))) return false;
  const paths = only === 'demo' ? pathsFrom(locked, demoWorkspaces) : Object.keys(locked);
  return paths.every((path) => {
    const entry = locked[path];
    // Optional packages may be for other systems; links are the workspaces themselves.
    if (!path.includes('node_modules/') || entry.link || entry.optional || entry.devOptional) return true;
    return installed[path]?.version === entry.version;
  });
}

/** Where npm puts the packages that these workspaces need, and what those need. */
function pathsFrom(locked, workspaces) {
  const found = new Set();
  const add = (path) => {
    if (found.has(path)) return;
    found.add(path);
    for (const name of Object.keys(locked[path]?.dependencies ?? {})) {
      const place = placeOf(locked, path, name);
      if (place !== undefined) add(place);
    }
  };
  for (const workspace of workspaces) add(workspace);
  return [...found];
}

/** As Node looks for a package: in the folder of the one that asks, then in each folder above it. */
function placeOf(locked, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (locked[place] !== undefined) return place;
    if (folder === '') return undefined;
  }
}

/** Whether the Node that runs this can run the project. */
export function isNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= 24;
}

export function pinnedNode(root) {
  return join(root, 'node_modules', 'node', 'bin', 'node');
}

function installedLock(root) {
  return join(root, 'node_modules', '.package-lock.json');
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
