import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lastLine, startDemo } from '../../helpers/local-farm/demo.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { makeCountedFilm } from '../../helpers/media/counted-film.ts';
import { until } from '../../helpers/until.ts';

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
