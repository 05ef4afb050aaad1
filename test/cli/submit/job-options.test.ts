import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readJobOptions } from '../../../cli/submit/job-options.ts';

it('makes a job of every flag, as the worker takes it', () => {
  expect(
    readJobOptions({
      title: 'Night',
      metadata: '{"match":7}',
      force: true,
      deleteSource: true,
      include480p: true,
      ladder: '[{"rung":"720p"}]',
      music: 'brand/theme.mp3',
      musicVolume: '0.4',
      musicDuck: '0.1',
      segmentSeconds: '4',
      thumbnailAt: '12.5',
      workers: '3',
      webhook: 'https://example.org/hook',
    }),
  ).toEqual({
    title: 'Night',
    metadata: { match: 7 },
    options: {
      force: true,
      keepSource: false,
      include480p: true,
      ladder: [{ rung: '720p' }],
      music: { source: 'brand/theme.mp3', volume: 0.4, duck: 0.1 },
      segmentSeconds: 4,
      thumbnailAt: 12.5,
      workersPerFilm: 3,
      webhook: 'https://example.org/hook',
    },
  });
});

it('takes options from a file, and flags before them', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'options-'));
  const path = join(folder.path, 'options.json');
  await writeFile(path, JSON.stringify({ overlays: [{ text: 'Hello' }], ladder: 'hd', segmentSeconds: 2 }));
  expect(readJobOptions({ options: path, ladder: 'mobile', preset: 'social' })).toEqual({
    options: { overlays: [{ text: 'Hello' }], ladder: 'mobile', segmentSeconds: 2, preset: 'social' },
  });
  await writeFile(path, JSON.stringify({ overlays: [{ text: 'Hello', size: '60%' }], colour: 'red' }));
  expect(() => readJobOptions({ options: path })).toThrow(
    '--options: overlays[0].size: expected 1% to 50% of the picture\'s height, such as "6%".\n' +
      '--options: has "colour", which nothing reads.',
  );
  await writeFile(path, JSON.stringify({ segmentSeconds: 99, outputs: ['mp9'] }));
  expect(() => readJobOptions({ options: path, outputs: ['mp4'], quality: 'best' })).toThrow(
    '--quality: "best" is not a quality. Use saver, standard or high.\n' +
      '--options: segmentSeconds: expected at most 30.',
  );
  await writeFile(path, '[]');
  expect(() => readJobOptions({ options: path })).toThrow('is not a JSON object');
});

it('leaves out what was not asked for, so that the upload alone can make the job', () => {
  expect(readJobOptions({})).toEqual({});
});

it.each([
  [{ ladder: '{oops' }, '--ladder: {oops is not valid JSON'],
  [{ segmentSeconds: '99' }, '--segment-seconds: 99 is not a segment length.'],
  [{ musicVolume: '0.5' }, '--music-volume and --music-duck need --music, which names the music.'],
  [
    { music: 'a.mp3', musicVolume: '0.2', musicDuck: '0.5' },
    '--music-duck: 0.5 is not a volume. Use a number from 0 to that of --music-volume',
  ],
  [{ music: 'a.mp3', musicVolume: '2' }, '--music-volume: 2 is not a volume. Use a number from 0 to 1.'],
  [{ workers: '0' }, '--workers: 0 is not a number of workers. Use a whole number from 1 to 1000.'],
  [{ quality: 'best' }, '--quality: "best" is not a quality. Use saver, standard or high.'],
  [{ lane: 'fast' }, '--lane: "fast" is not a lane. Use urgent, normal or bulk.'],
  [{ batch: { id: 'a b', jobs: 1 } }, '--batch: "a b" is not a batch\'s name. Use 1 to 100 letters'],
  [{ ladder: '[{"rung":"9p"}]' }, '--ladder: [0].rung: expected 2160p, 1440p'],
  [{ metadata: 'x' }, /^--metadata: x is not valid JSON: Unexpected token 'x'\.$/],
])('explains what is wrong with %j in a sentence', (flags, sentence) => {
  expect(() => readJobOptions(flags)).toThrow(sentence);
});
