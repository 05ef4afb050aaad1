import { copyFile, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SubmittedJob } from '../../../cli/submit/send.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import {
  addressOf,
  farmCommand,
  saveAddress,
  startFarmCommand,
} from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { until } from '../../helpers/until.ts';

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;

/** No worker: what is submitted stays in the queue, to be counted. */
const submit = (...args: string[]) => farmCommand(folder.path, ['submit', '--farm', file, '--json', ...args]);

beforeAll(async () => {
  farm = await startLocalFarm({ env: { SOURCE_SUFFIXES: '.mp4' } });
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, addressOf(farm));
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2', '-preset', 'ultrafast'],
    join(folder.path, 'film one.mp4'),
  );
}, 30_000);

afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

it('makes one job of a film, with and without options, and prints the id that the worker uses', async () => {
  const plain = await submit('film one.mp4');
  expect(plain.stderr).toBe('');
  const [uploaded] = plain.json<{ jobs: SubmittedJob[] }>().jobs;
  expect(uploaded).toMatchObject({ by: 'upload', source: `s3://${farm.sourceBucket}/film one.mp4` });
  const wished = await submit('film one.mp4', '--title', 'One', '--segment-seconds', '2');
  const [sent] = wished.json<{ jobs: SubmittedJob[] }>().jobs;
  expect(sent).toMatchObject({ by: 'message', source: `s3://${farm.sourceBucket}/film one.mp4.film` });

  // The second upload's event is on the queue too, and the worker passes it over.
  await until(async () => (await farm.backlog()) === 3, 'two events and a message');
  farm.startWorker();
  await farm.waitFor(uploaded?.id ?? '', 'succeeded');
  expect(await farm.waitFor(sent?.id ?? '', 'succeeded')).toMatchObject({ title: 'One' });
  await until(async () => (await farm.backlog()) === 0, 'an empty queue');
  expect((await farm.jobIds()).sort()).toEqual([uploaded?.id, sent?.id].sort());
}, 90_000);

it('waits for the end of this request, not of an earlier one for the same film', async () => {
  const startedAt = new Date().toISOString();
  const ended = await submit(`s3://${farm.sourceBucket}/film one.mp4`, '--wait', '--force');
  expect(ended.code).toBe(0);
  const [job] = ended.json<{ jobs: { id: string; state: JobState }[] }>().jobs;
  expect(job?.state.state).toBe('succeeded');
  expect((job?.state.finishedAt ?? '') > startedAt).toBe(true);
}, 60_000);

it('makes one job of several clips, uploads their files once, and starts no job for one of them', async () => {
  const args = [
    '--join',
    'film one.mp4#t=0.4,1',
    `s3://${farm.sourceBucket}/film one.mp4`,
    'film one.mp4#t=,0.2',
  ];
  const joined = await submit(...args, '--size', '160x90', '--wait');
  expect(joined.stderr).not.toContain('Error');
  const { jobs } = joined.json<{ jobs: { id: string; by: string; state: JobState }[] }>();
  expect(jobs).toHaveLength(1);
  const [job] = jobs;
  const uploaded = `s3://${farm.sourceBucket}/film one.mp4.film`;
  expect(job).toMatchObject({ by: 'message', id: expect.stringMatching(/^film-one-mp4-[0-9a-f]{12}$/) });
  expect(job?.state).toMatchObject({
    state: 'succeeded',
    source: uploaded,
    sources: [
      { source: uploaded, from: 0.4, to: 1 },
      { source: `s3://${farm.sourceBucket}/film one.mp4` },
      { source: uploaded, to: 0.2 },
    ],
  });
  expect(job?.state.film?.durationSeconds).toBeCloseTo(2.8, 1);
  expect(job?.state.film?.renditions[0]).toMatchObject({ width: 160, height: 90 });
  const again = await submit(...args, '--size', '160x90');
  expect(again.json<{ jobs: SubmittedJob[] }>().jobs[0]?.id).toBe(job?.id);
}, 60_000);

it('takes a stretch of one film', async () => {
  const trimmed = await submit('film one.mp4#t=1', '--wait');
  const [job] = trimmed.json<{ jobs: { state: JobState }[] }>().jobs;
  expect(job?.state.film?.durationSeconds).toBeCloseTo(1, 1);
}, 60_000);

it('refuses at once a film that the local storage cannot hold, and says what can', async () => {
  const path = join(folder.path, 'large.mp4');
  await writeFile(path, '');
  await truncate(path, 2 ** 31);
  const ended = await submit('large.mp4');
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(
    /large\.mp4 has 2\.15 GB, and a local farm's storage takes less than 2 GiB\. .*farm demo ".*large\.mp4"/,
  );
  expect(ended.stderr).not.toContain('    at ');
});

it('submits the films of a folder and below, each under its path', async () => {
  const below = join(folder.path, 'season', 'one');
  await mkdir(below, { recursive: true });
  await copyFile(join(folder.path, 'film one.mp4'), join(below, 'a.MP4'));
  await writeFile(join(below, 'notes.txt'), 'not a film');
  const { jobs } = (await submit('--recursive', 'season')).json<{ jobs: SubmittedJob[] }>();
  expect(jobs.map(({ source }) => source)).toEqual([`s3://${farm.sourceBucket}/season/one/a.MP4`]);
}, 40_000);

it('exits with 2 and prints the reason when a job fails', async () => {
  await writeFile(join(folder.path, 'notes.mp4'), 'not a film at all');
  const ended = await submit('notes.mp4', '--wait');
  expect(ended.code).toBe(2);
  const [job] = ended.json<{ jobs: { state: JobState }[] }>().jobs;
  expect(job?.state).toMatchObject({ state: 'failed', error: { code: 'not-media' } });
}, 60_000);

it('leaves the job running when Ctrl-C ends the waiting, and says so', async () => {
  await farm.put('never.film', Buffer.from('x'));
  // The worker's word is never heard at that place.
  const address = { ...addressOf(farm), outputPrefix: 'elsewhere/' };
  const path = await saveAddress(folder.path, address);
  const waiting = startFarmCommand(folder.path, ['submit', '--farm', path, 'never.film', '--wait']);
  await until(() => waiting.output.stdout.includes('is job never-'), 'the job to be reported', 40);
  waiting.child.kill('SIGINT');
  const ended = await waiting.ended;
  expect(ended.code).toBe(130);
  expect(ended.stderr).toContain('the farm goes on');
  await saveAddress(folder.path, addressOf(farm));
}, 60_000);

it.each([
  [['missing.mp4'], 'neither a file here nor an object'],
  [['s3://films/missing.mp4'], 'There is no object s3://films/missing.mp4.'],
  [['s3://'], 's3:// names no film. Expected s3://BUCKET/KEY or an http(s) URL.'],
  [[''], 'The name of a film is empty.'],
  // A farm on this machine allows what "farm demo" gives it.
  [['film one.mp4', '--preset', 'social'], '"social" names no preset of this farm'],
  [['film one.mp4', '--encryption', 'aes-128'], 'This farm has no keys to encrypt films with.'],
  [
    ['film one.mp4', '--webhook', 'https://example.org/'],
    'This farm lets no job name a webhook. Leave it out.',
  ],
  [
    ['film one.mp4', '--ladder', 'mobil'],
    '--ladder: "mobil" is not a ladder. Use standard, mobile, hd, or a JSON list such as [{"rung":"720p"}].',
  ],
  [['.'], 'is a folder. Add --recursive'],
  [['film one.mp4', 'notes.mp4', '--id', 'both'], '--id names one job'],
  [['film one.mp4', './film one.mp4'], 'Two films are named film one.mp4'],
  [['--join', 'film one.mp4#t=2,1'], 'ends at 1 s, which is not after its beginning'],
  [['film one.mp4', '--size', '160x90'], 'A size, a fit and a crossfade are for joined clips'],
  [['--join', 'film one.mp4', '--fit', 'stretch'], '--fit: "stretch" is not a way to fit. Use pad or crop.'],
  [
    ['--join', ...Array.from({ length: 51 }, () => 'film one.mp4')],
    'These are 51 clips, and a film has at most 50',
  ],
  [['film one.mp4', '--id', 'a/b'], '--id: "a/b" is not a job id. Use 1 to 128 letters'],
])(
  'explains what is wrong with %j in a sentence',
  async (args, words) => {
    const ended = await submit(...args);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toContain('    at ');
    expect(ended.json<{ error: { message: string } }>().error.message).toContain(words);
  },
  30_000,
);
