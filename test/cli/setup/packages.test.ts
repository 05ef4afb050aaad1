import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packagesMatch } from '../../../scripts/setup/packages.mjs';

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
