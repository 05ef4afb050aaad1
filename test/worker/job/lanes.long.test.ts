import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../../cli/farm/farm.ts';
import { redriveChosen } from '../../../cli/farm/redrive.ts';
import type { Job } from '../../../worker/src/protocol/job.ts';
import type { Lane } from '../../../worker/src/protocol/lanes.ts';
import { addressOf, farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { makeCountedFilm } from '../../helpers/media/counted-film.ts';
import { until } from '../../helpers/until.ts';

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;

beforeAll(async () => {
  farm = await startLocalFarm({
    lanes: ['urgent', 'bulk'],
    env: { SOURCE_SUFFIXES: '.upload', JOBS_AT_ONCE: 'auto' },
  });
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, addressOf(farm));
  const film = join(folder.path, 'film.mp4');
  await makeCountedFilm(film, { size: [96, 72], seconds: 2 });
  await farm.put('film.mp4', film);
  await until(async () => (await farm.backlog()) === 1, 'the upload to be announced');
});
afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

const submit = (...args: string[]) =>
  farmCommand(folder.path, ['submit', 'film.mp4', '--farm', file, '--json', ...args]);
const send = (queueUrl: string, job: Job) =>
  farm.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(job) }));

it('serves the urgent lane first and the bulk lane last, and shows which is whose', async () => {
  const lanes: Lane[] = ['bulk', 'normal', 'urgent'];
  const queueOf = (lane: Lane) => (lane === 'normal' ? farm.queueUrl : farm.lanes[lane]?.queueUrl) ?? '';
  for (const lane of lanes) await send(queueOf(lane), { id: lane, source: 'film.mp4', options: { lane } });
  const waiting = await farmCommand(folder.path, ['status', '--farm', file, '--json']);
  expect(waiting.json<{ queues: object }>().queues).toMatchObject({
    // The upload's own message too.
    waiting: 4,
    lanes: { urgent: { waiting: 1 }, bulk: { waiting: 1 } },
  });
  farm.startWorker();
  const states = await Promise.all(lanes.map((id) => farm.waitFor(id, 'succeeded', 100)));
  const order = states.toSorted((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? ''));
  expect(order.map(({ id }) => id)).toEqual(['urgent', 'normal', 'bulk']);
  const status = await farmCommand(folder.path, ['status', 'urgent', '--farm', file]);
  expect(status.stdout).toMatch(/lane +urgent/);
}, 120_000);

it('moves a job to the lane that it names, under the same request', async () => {
  await send(farm.queueUrl, { id: 'astray', source: 'film.mp4', options: { lane: 'urgent' } });
  const { requestId } = await farm.waitFor('astray', 'succeeded');
  expect(requestId).toEqual(expect.any(String));
  await until(async () => (await farm.backlog()) === 0, 'its message to be deleted');
});

it('makes small films side by side where the worker chooses how many', async () => {
  const long = join(folder.path, 'long.mp4');
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=10:d=240', '-pix_fmt', 'yuv420p', long);
  await farm.put('long.mp4', long);
  const [first, second] = [`long-${randomUUID()}`, `short-${randomUUID()}`];
  await send(farm.queueUrl, { id: first, source: 'long.mp4' });
  await farm.waitFor(first, 'running');
  await send(farm.queueUrl, { id: second, source: 'film.mp4' });
  const { startedAt = '~' } = await farm.waitFor(second, 'succeeded');
  const { finishedAt = '' } = await farm.waitFor(first, 'succeeded');
  expect(startedAt < finishedAt).toBe(true);
});

it('leaves a job that names no lane where its sender put it', async () => {
  await send(farm.lanes.bulk?.queueUrl ?? '', { id: 'put-there', source: 'film.mp4' });
  const { options } = await farm.waitFor('put-there', 'succeeded');
  expect(options).toBeUndefined();
});

it('sends a failed job back to the lane that it came from', async () => {
  const { bulk } = farm.lanes;
  const options: Job['options'] = { lane: 'bulk', preset: 'none' };
  await send(bulk?.queueUrl ?? '', { id: 'lost', source: 'film.mp4', options });
  await farm.waitFor('lost', 'failed', 100);
  await until(async () => (await farm.backlog(farm.deadLetterQueueUrl)) === 1, 'its dead letter');
  const sent: string[] = [];
  const talk = connect(addressOf(farm));
  const sqs = {
    send: (command: { input: { QueueUrl?: string; Entries?: object[] } }) => {
      const { QueueUrl = '', Entries = [] } = command.input;
      if (Entries.some((entry) => 'MessageBody' in entry)) sent.push(QueueUrl);
      return talk.sqs.send(command as never);
    },
  };
  const signal = new AbortController().signal;
  const { redriven } = await redriveChosen({ ...talk, sqs: sqs as never }, { ids: ['lost'] }, { signal });
  talk.close();
  expect([redriven, sent]).toEqual([1, [bulk?.queueUrl]]);
}, 120_000);

it('lists the jobs of a batch, and how far it is', async () => {
  const ended = await submit('s3://source-films/film.mp4#t=0,1', '--batch', 'night');
  expect(ended.code).toBe(0);
  const { jobs } = ended.json<{ jobs: { id: string }[] }>();
  expect(jobs).toHaveLength(2);
  const states = await Promise.all(jobs.map(({ id }) => farm.waitFor(id, 'succeeded')));
  expect(states.map(({ batch }) => batch)).toEqual(Array(2).fill({ id: 'night', jobs: 2 }));
  const listed = await farmCommand(folder.path, ['jobs', '--farm', file, '--batch', 'night', '--json']);
  expect(listed.json<object>()).toMatchObject({
    total: 2,
    batch: { id: 'night', jobs: 2, succeeded: 2, failed: 0, open: 0 },
  });
}, 120_000);

it('refuses a lane that the farm lacks by its name, before anything is sent', async () => {
  const { bulkTopicArn: _, ...address } = addressOf(farm);
  const other = await saveAddress(folder.path, address);
  const ended = await farmCommand(folder.path, ['submit', 'film.mp4', '--farm', other, '--lane', 'bulk']);
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain('"bulk" is no lane of this farm: expected urgent or normal');
});
