import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ChoicesView } from '../../../cli/plan/choices.ts';
import type { Estimate } from '../../../cli/plan/estimate.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { addressOf, farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { startAwsAnswers } from '../../helpers/program/aws-answers.ts';

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;

/** No AWS is asked for prices, unless a test says which. */
const noAws = { AWS_ENDPOINT_URL_EC2: 'http://127.0.0.1:1', AWS_EC2_METADATA_DISABLED: 'true' };
const plan = (...args: string[]) => farmCommand(folder.path, ['plan', ...args], noAws);

interface Planned {
  plan: { parts: number; video: { encoder: object; path: string; renditions: { name: string }[] } };
  estimate: Estimate;
}

beforeAll(async () => {
  farm = await startLocalFarm();
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, addressOf(farm));
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=2'],
    ...['-f', 'lavfi', '-i', 'sine=duration=2', '-preset', 'ultrafast'],
    join(folder.path, 'film.mp4'),
  );
  await farm.put('stored.mp4', join(folder.path, 'film.mp4'));
  await writeFile(join(folder.path, 'notes.mp4'), 'not a film at all');
}, 40_000);

afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

it('plans what the worker then makes, of a film in the bucket as of one on this machine', async () => {
  const stored = (await plan('stored.mp4', '--farm', file, '--json')).json<Planned>();
  const here = (await plan('film.mp4', '--farm', file, '--json')).json<Planned>();
  expect(here.plan.video).toEqual(stored.plan.video);
  expect(stored.estimate).toMatchObject({ basis: 'measured', workers: 1, costs: [] });

  farm.startWorker({ X264_PRESET: 'ultrafast' });
  const id = await farm.sendJob({ source: 'stored.mp4' });
  const job: JobState = await farm.waitFor(id, 'succeeded');
  const video = job.film?.renditions.filter(({ kind }) => kind === 'video').map(({ name }) => name);
  expect(stored.plan.video.renditions.map(({ name }) => name)).toEqual(video);
}, 60_000);

it('says what each preset and quality costs for the views that are expected, where x264 is paid for', async () => {
  const flags = ['film.mp4', '--compute', 'fargate', '--views'];
  const { choices } = (await plan(...flags, '100', '--json')).json<{ choices: ChoicesView }>();
  expect(choices).toMatchObject({ views: 100, output: 's3', quality: 'standard', planned: 'veryfast' });
  expect(choices.choices.map(({ preset }) => preset)).toContain(choices.cheapest);
  const shown = await plan(...flags, '100');
  expect(shown.stdout).toMatch(/With 100 views, a year in S3 and quality standard, \w+ costs least\./);
  const wrong = await plan(...flags, 'many');
  expect(wrong.stderr).toContain('--views: "many" is not a number of views.');
}, 30_000);

it('plans for a GPU without one, and without a farm; the flags of a job shape the film', async () => {
  const flags = ['--compute', 'gpu', '--instance-type', 'g6.xlarge', '--ladder', '[{"rung":"360p"}]'];
  const gpu = (await plan('film.mp4', ...flags, '--json')).json<Planned>();
  expect(gpu.plan.video).toMatchObject({ encoder: { name: 'nvenc', preset: 'p5' }, path: 'gpu' });
  expect(gpu.plan.video.renditions.map(({ name }) => name)).toEqual(['360p']);
  expect(gpu.estimate.basis).toBe('limit');
  const shown = await plan('film.mp4', ...flags);
  expect(shown.stdout).toMatch(/nvenc p5; decoded, scaled and encoded on the GPU/);
  expect(shown.stdout).toMatch(/about .* on g6\.xlarge \(L4\)/);
  expect(shown.stdout).toMatch(/about \$[\d.]+ on demand(, \$[\d.]+ on Spot)?, without start and idle time/);
}, 40_000);

it('takes the price on Spot that EC2 gives now, and else the dated one of the table', async () => {
  const item = '<item><spotPrice>0.1000</spotPrice></item>';
  await using aws = await startAwsAnswers({
    DescribeSpotPriceHistory: `<DescribeSpotPriceHistoryResponse><spotPriceHistorySet>${item}</spotPriceHistorySet></DescribeSpotPriceHistoryResponse>`,
  });
  const args = ['plan', 'film.mp4', '--compute', 'gpu'];
  const asked = await farmCommand(folder.path, args, {
    ...{ AWS_ENDPOINT_URL_EC2: aws.client.endpoint, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
  });
  expect(asked.stdout).toMatch(
    /Spot: \$0\.1000 an hour of g4dn\.xlarge in us-east-1, [\d-]+, as AWS said now/,
  );
  const { estimate } = (await plan('film.mp4', '--compute', 'gpu', '--json')).json<Planned>();
  expect(estimate.spotPrice).toMatchObject({ source: 'table', region: 'us-east-1' });
  expect(estimate.notes.at(-1)).toContain('AWS was not asked or did not answer');
}, 40_000);

it('plans several clips as one film', async () => {
  const ended = await plan('film.mp4#t=0,0.5', 'film.mp4#t=0.5', '--compute', 'fargate');
  expect(ended.stdout).toMatch(/^film\.mp4#t=0,0\.5 .*\nfilm\.mp4#t=0\.5 .*\njoined .* clips begin at /);
  const refused = await plan('film.mp4', 'film.mp4#t=900', '--compute', 'fargate', '--json');
  expect(refused.json()).toMatchObject({ refused: { code: 'clip-range' } });
}, 40_000);

it('makes a file of a frame with its overlays, whatever the farm encodes with; images come from here or from the bucket', async () => {
  const logo = join(folder.path, 'logo.png');
  await ffmpeg('-f', 'lavfi', '-i', 'color=white:s=20x20', '-frames:v', '1', logo);
  await farm.put('brand/logo.png', logo);
  const write = (name: string, image: string) =>
    writeFile(
      join(folder.path, name),
      JSON.stringify({
        overlays: [
          { image, at: 'center', width: '20%' },
          { text: 'Hello', at: 'top' },
        ],
      }),
    );
  await write('here.json', 'logo.png');
  await write('bucket.json', 'brand/logo.png');
  for (const [options, ...from] of [
    ['here.json', '--compute', 'gpu'],
    ['bucket.json', '--farm', file],
  ] as const) {
    const args = ['--options', options, '--frame', '1.5', '--frame-file', 'frame.png', '--json'];
    const planned = (await plan('film.mp4', ...from, ...args)).json<{ frame: string }>();
    expect(planned.frame).toBe(join(folder.path, 'frame.png'));
    const pixels = await ffmpeg(
      '-i',
      planned.frame,
      '-vf',
      'crop=2:2',
      '-pix_fmt',
      'rgb24',
      '-f',
      'rawvideo',
      '-',
    );
    expect(Math.min(...pixels), options).toBeGreaterThan(250);
  }
}, 40_000);

it('says why a worker would refuse the film, with its code', async () => {
  const ended = await plan('notes.mp4', '--compute', 'fargate', '--json');
  expect(ended.code).toBe(2);
  expect(ended.json()).toMatchObject({ film: 'notes.mp4', refused: { code: 'not-media' } });
  const missing = await plan('nowhere.mp4', '--farm', file, '--json');
  expect(missing.stderr).toContain('nowhere.mp4 is neither a file here nor an object in bucket');
  expect(missing.code).toBe(1);
}, 40_000);

it.each([
  [['film.mp4'], 'No farm is selected.'],
  [['film.mp4'], '--compute fargate, gpu or function'],
  [['elsewhere.mp4', '--compute', 'gpu'], 'elsewhere.mp4 is not here'],
  [['film.mp4', '--compute', 'gpu', '--instance-type', 'p4d.24xlarge'], 'one with a GPU that encodes'],
  [['film.mp4', '--compute', 'fargate', '--instance-type', 'g5.xlarge'], 'the others have no instances'],
  [['film.mp4', '--instance-type', 'g5.xlarge'], 'goes with --compute gpu'],
  [['film.mp4', '--compute', 'fargate', '--frame', 'late'], '--frame: "late" is not a time'],
  [
    ['film.mp4', '--compute', 'fargate', '--frame', '9'],
    '--frame: 9 is not in the film. Use a time from 0 to 1.96 s.',
  ],
  [['film.mp4', '--compute', 'fargate', '--frame', '1', '--frame-file', 'x.gif'], 'x.gif is not a picture'],
  [['film.mp4', '--compute', 'fargate', '--preset', 'social'], 'names no preset of this farm'],
  [['film.mp4', '--compute', 'fargate', '--options', 'nowhere.json'], '--options: no such file or folder: '],
  [['film.mp4', '--compute', 'gpu', '--workers', 'many'], '--workers: "many" is not a number of workers'],
])(
  'says what is wrong with %j, without a stack',
  async (args, words) => {
    const ended = await plan(...args);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toContain('    at ');
  },
  30_000,
);
