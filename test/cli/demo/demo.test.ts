import { readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lastLine, startDemo, startDemoWith } from '../../helpers/local-farm/demo.ts';
import { farmCommand } from '../../helpers/local-farm/farm-command.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';

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

it('says that there is no such film, before anything is started', async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await farmCommand(folder.path, ['demo', 'missing.mp4', '--exit']);
  expect(code).toBe(1);
  expect(stderr).toBe(`There is no film at ${join(await realpath(folder.path), 'missing.mp4')}.\n`);
});
