import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { DemoResult } from '../../../cli/demo/result.ts';
import { farmCommand } from '../../helpers/local-farm/farm-command.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { makeCountedFilm } from '../../helpers/media/counted-film.ts';
import { until } from '../../helpers/until.ts';

const main = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));

/** The demo as a process of its own. Its temporary files go under `folder/tmp`. */
const startDemo = (folder: string, ...args: string[]) => startDemoWith({}, folder, ...args);

async function startDemoWith(changes: NodeJS.ProcessEnv, folder: string, ...args: string[]) {
  const tmp = join(folder, 'tmp');
  await mkdir(tmp, { recursive: true });
  const { INIT_CWD: _, ...env } = process.env;
  const child = spawn(process.execPath, [main, 'demo', ...args], {
    cwd: folder,
    env: { ...env, TMPDIR: tmp, ...changes },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output, ended, leftovers: () => readdir(tmp) };
}

const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '') as DemoResult;

it('publishes a film of the user’s and reports it', async () => {
  await using folder = await temporaryFolder();
  const film = join(folder.path, 'my film.mp4');
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=4', '-preset', 'ultrafast', film);
  const args = ['--exit', '--json', '--encryption', '--out', 'published'];
  const demo = await startDemo(folder.path, 'my film.mp4', ...args);
  expect(await demo.ended).toBe(0);

  const result = lastLine(demo.output.stdout);
  expect(result).toMatchObject({ state: 'succeeded', error: null });
  expect(result.renditions.map(({ name }) => name)).toEqual(['360p', '240p']);
  expect(result.paths.dir).toBe(join(folder.path, 'published', result.jobId ?? ''));
  expect(await readFile(result.paths.playlist ?? '', 'utf8')).toMatch(/^#EXTM3U/);
  for (const { playlist } of result.renditions) {
    const text = await readFile(join(folder.path, 'published', playlist ?? ''), 'utf8');
    expect(text).toContain('#EXT-X-ENDLIST');
    expect(text).toMatch(/#EXT-X-KEY:METHOD=AES-128,URI="http:\/\/127\.0\.0\.1:/);
  }
  expect(demo.output.stderr).toContain('encoding');
  expect(await demo.leftovers()).toEqual([]);
}, 90_000);

it('shares a film among several workers, and says what each made', async () => {
  await using folder = await temporaryFolder();
  await makeCountedFilm(join(folder.path, 'long.mp4'), { size: [640, 360], seconds: 27 });
  const demo = await startDemo(folder.path, 'long.mp4', '--workers', '2', '--exit', '--json');
  expect(await demo.ended).toBe(0);

  const { workers } = lastLine(demo.output.stdout);
  const made = workers.flatMap(({ parts }) => parts);
  // Five parts of the picture, about 6 s each, and the sound.
  expect(made.sort()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(workers.map(({ parts }) => parts.length > 0)).toEqual([true, true]);
  expect(demo.output.stderr).toContain('(x264, 2 workers)');
  expect(demo.output.stderr).toMatch(/worker 1 +\d parts? .*\nworker 2 +\d parts? /);
  expect(await demo.leftovers()).toEqual([]);
}, 90_000);

it.each(['0', '17', 'two'])('takes no %s workers', async (count) => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await farmCommand(folder.path, ['demo', '--workers', count]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `error: option '--workers <number>' argument '${count}' is invalid. Expected a whole number from 1 to 16.\n` +
      'Usage: farm demo [options] [movie]\nRun "farm demo --help" for its options.\n',
  );
});

it('says in a sentence why a film cannot be transcoded', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'notes.mp4'), 'not a film at all');
  const demo = await startDemo(folder.path, 'notes.mp4', '--exit', '--json');
  expect(await demo.ended).toBe(2);
  const result = lastLine(demo.output.stdout);
  expect(result.state).toBe('failed');
  expect(demo.output.stderr).toContain(`Not transcoded: ${result.error?.message}`);
  expect(demo.output.stderr).not.toContain('    at ');
}, 60_000);

it.each<[what: string, args: string[], message: (folder: string) => string]>([
  ['there is no such film', ['gone.mp4'], (folder) => `There is no film at ${join(folder, 'gone.mp4')}.`],
  [
    'files would lie in clear beside an encrypted film',
    ['--encryption', '--outputs', 'hls,mp4'],
    () => '--encryption is for the stream alone: files of --outputs would lie beside it in clear.',
  ],
  [
    'flags do not go together',
    ['--door', '2', '--compute', 'function'],
    () => '--door is for workers that wait; with --compute function, functions make every film.',
  ],
  [
    'a lone worker is to be killed',
    ['--kill'],
    () => '--kill ends one of several workers: add --workers 3, without --compute function and --door.',
  ],
])('prints JSON that names the error where %s', async (_, args, message) => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await farmCommand(folder.path, ['demo', ...args, '--exit', '--json']);
  expect(code).toBe(1);
  const error = { code: 'demo', message: message(await realpath(folder.path)) };
  expect(lastLine(stdout)).toMatchObject({ state: 'failed', error, jobId: null });
  expect(stderr).toBe(`${error.message}\n`);
});

it('prints JSON that names the error where the farm itself breaks, and prints the stack', async () => {
  await using folder = await temporaryFolder();
  const TMPDIR = join(folder.path, 'gone');
  const demo = await startDemoWith({ TMPDIR }, folder.path, '--exit', '--json');
  expect(await demo.ended).toBe(1);
  const { state, error } = lastLine(demo.output.stdout);
  expect(state).toBe('failed');
  expect(error?.message).toContain(`ENOENT: no such file or directory, mkdtemp '${TMPDIR}`);
  expect(demo.output.stderr).toMatch(/^\s+at /m);
});

it('makes a film whole although one of its workers is killed in the middle', async () => {
  await using folder = await temporaryFolder();
  // Long enough to be in the making when the first progress is reported.
  await makeCountedFilm(join(folder.path, 'long.mp4'), { size: [640, 360], seconds: 48 });
  const demo = await startDemo(folder.path, 'long.mp4', '--workers', '2', '--kill', '--exit');
  expect(await demo.ended).toBe(0);
  expect(demo.output.stdout).toMatch(/^Killed {2}worker [12], in the middle of the film/m);
  expect(demo.output.stdout).toMatch(/^worker [12] .* killed in the middle of the film$/m);
  expect(demo.output.stdout).toMatch(/^360p .* 8 +\d+ kB$/m);
  expect(await demo.leftovers()).toEqual([]);
}, 300_000);

it('says that there is no such film, before anything is started', async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await farmCommand(folder.path, ['demo', 'missing.mp4', '--exit']);
  expect(code).toBe(1);
  expect(stderr).toBe(`There is no film at ${join(await realpath(folder.path), 'missing.mp4')}.\n`);
});

it.each([
  ['making a clip', []],
  ['encoding', ['long.mp4']],
])(
  'ends with everything it started when stopped while %s',
  async (step, film) => {
    await using folder = await temporaryFolder();
    if (film.length > 0)
      await makeCountedFilm(join(folder.path, 'long.mp4'), { size: [640, 360], seconds: 48 });
    const demo = await startDemo(folder.path, ...film, '--exit');
    await until(() => demo.output.stdout.includes(step), step, 60);
    const stoppedAt = performance.now();
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    expect(performance.now() - stoppedAt).toBeLessThan(8000);
    expect(await demo.leftovers()).toEqual([]);
  },
  90_000,
);

it('serves the player page until it is stopped', async () => {
  await using folder = await temporaryFolder();
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=2', join(folder.path, 'a.mp4'));
  const demo = await startDemo(folder.path, 'a.mp4');
  await until(() => demo.output.stdout.includes('Ctrl-C'), 'the page', 60);
  const [url = ''] = /http:\/\/\S+/.exec(demo.output.stdout) ?? [];
  expect(url).toMatch(/\?to=%2Fjobs%2Fa-[0-9a-f]{12}$/);
  expect(demo.output.stdout).not.toContain('making a clip');
  expect(await (await fetch(url)).text()).toContain('<title>transcode-farm</title>');
  demo.child.kill('SIGINT');
  expect(await demo.ended).toBe(130);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  expect(await demo.leftovers()).toEqual([]);
}, 90_000);
