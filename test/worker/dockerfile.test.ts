import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scratchDirectory } from '../../infra/compute/user-data.ts';
import { contextPaths } from '../../infra/image/context.ts';
import { bundledFontFiles } from '../../worker/src/fonts/bundled.ts';
import { environmentSchema } from '../../worker/src/settings/environment.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** Instructions as `[name, rest]`, with their continued lines joined. */
const instructions = read('worker/Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter(Boolean)
  .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const);

const all = (name: string) => instructions.flatMap(([is, rest]) => (is === name ? [rest] : []));
const indexOf = (text: string) => instructions.findIndex(([, rest]) => rest.includes(text));
const environment = Object.fromEntries(
  all('ENV').flatMap((rest) => rest.split(/\s+/).map((pair) => pair.split('='))),
);

describe("the worker's image", () => {
  it('is built from what Docker is sent, and from nothing that is not there', () => {
    const copied = all('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(' ').slice(0, -1));
    expect(copied).toContain('worker/src');
    for (const path of copied) {
      expect(existsSync(new URL(path, root)), path).toBe(true);
      expect(
        contextPaths.some((sent) => path === sent || path.startsWith(`${sent}/`)),
        path,
      ).toBe(true);
    }
  });

  it('installs ffmpeg and packages before code comes in, so that a change of code builds neither again', () => {
    expect(indexOf('npm ci')).toBeGreaterThan(0);
    expect(indexOf('npm ci')).toBeLessThan(indexOf('worker/src worker/src'));
    expect(indexOf('install --yes --no-install-recommends ffmpeg')).toBeGreaterThan(0);
    expect(indexOf('install --yes --no-install-recommends ffmpeg')).toBeLessThan(indexOf('--from=packages'));
  });

  it('keeps the fonts that texts are set in, and their licences', () => {
    const [prune = ''] = all('RUN').filter((rest) => rest.includes('@expo-google-fonts'));
    const kept = [...prune.matchAll(/! -name '([^']+)'/g)].map(([, pattern = '']) => pattern);
    expect(
      bundledFontFiles().filter((path) => !kept.some((name) => matchesGlob(basename(path), name))),
    ).toEqual([]);
    for (const file of ['LICENSE_FONT', 'package.json'])
      expect(
        kept.some((name) => matchesGlob(file, name)),
        file,
      ).toBe(true);
  });

  it('runs as the user that owns the scratch space, and stops by SIGTERM', () => {
    expect(all('USER')).toEqual(['node']);
    expect(all('RUN')).toContain(`mkdir ${scratchDirectory} && chown node:node ${scratchDirectory}`);
    expect(all('VOLUME')).toEqual([scratchDirectory]);
    expect(all('STOPSIGNAL')).toEqual(['SIGTERM']);
  });

  it('starts the worker itself, without a shell that would keep signals from it', () => {
    const [command = ''] = all('CMD');
    const [program, ...args] = JSON.parse(command) as string[];
    expect(program).toBe('node');
    expect(args.at(-1)).toBe('worker/src/main.js');
  });

  it('starts it as the local farm does', () => {
    const local = read('cli/local-farm/worker.ts');
    const flags = (JSON.parse(all('CMD')[0] ?? '[]') as string[]).filter((arg) => arg.startsWith('--'));
    expect(flags).not.toEqual([]);
    for (const flag of flags) expect(local).toContain(`'${flag}'`);
    expect(local).toContain(`MALLOC_ARENA_MAX: '${environment.MALLOC_ARENA_MAX}'`);
  });

  it('holds the worker as JavaScript, which starts', async () => {
    expect(all('RUN')).toContain('node worker/strip-types.ts worker/src');
    await using folder = await mkdtempDisposable(join(tmpdir(), 'image-'));
    const source = join(folder.path, 'worker/src');
    cpSync(new URL('worker/src', root), source, { recursive: true });
    cpSync(new URL('worker/package.json', root), join(folder.path, 'worker/package.json'));
    symlinkSync(new URL('node_modules', root), join(folder.path, 'node_modules'));
    const strip = fileURLToPath(new URL('worker/strip-types.ts', root));
    const node = (...args: string[]) => spawnSync(process.execPath, args, { env: {}, encoding: 'utf8' });
    expect(node(strip, source).status).toBe(0);
    expect(globSync('**/*.ts', { cwd: source })).toEqual([]);
    const { status, stderr } = node(join(source, 'main.js'));
    expect(status, stderr).toBe(78);
  });

  it('gives only settings that the worker knows, and writes nowhere but to scratch space and shared memory', () => {
    const outside = ['NODE_ENV', 'MALLOC_ARENA_MAX', 'NVIDIA_DRIVER_CAPABILITIES', 'TMPDIR'];
    const known = Object.keys(environmentSchema.shape);
    expect(Object.keys(environment).filter((name) => !outside.includes(name))).toEqual(
      expect.arrayContaining(['WORK_DIR', 'HEARTBEAT_FILE']),
    );
    for (const name of Object.keys(environment)) expect([...outside, ...known]).toContain(name);
    for (const name of ['WORK_DIR', 'TMPDIR', 'HEARTBEAT_FILE']) {
      expect(environment[name]).toMatch(/^(\/scratch|\/dev\/shm)(\/|$)/);
    }
  });

  it('asks the host for the parts of the driver that NVENC and NVDEC need', () => {
    expect(environment.NVIDIA_DRIVER_CAPABILITIES?.split(',').sort()).toEqual([
      'compute',
      'utility',
      'video',
    ]);
  });
});
