import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect, type Farm } from '../../cli/farm/farm.ts';
import { readJob } from '../../cli/farm/jobs.ts';
import { submitJob } from '../../portal/src/farm/submit.ts';
import { createPortal } from '../../portal/src/portal.ts';
import { jobSchema } from '../../worker/src/protocol/job.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { running, succeeded } from '../helpers/reports/job-states.ts';

const origin = 'https://films.example.com';

let storage: TestFarm;
let farm: Farm;

/** No worker runs: what is sent waits. */
beforeAll(async () => {
  storage = await startLocalFarm({ lanes: ['bulk'] });
  farm = connect(addressOf(storage));
}, 60_000);

afterAll(async () => {
  farm?.close();
  await storage?.stop();
});

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ['behind', -600_000],
  ['ahead', 600_000],
])(
  'a job enters the queue by storage’s clock, as stops do, where this machine’s is %s',
  async (name, offMs) => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: now + offMs });
    const job = { id: `clock-${name}`, source: 's3://films/a.mp4' };
    const { queuedAt } = await submitJob(farm, job, 'request');
    expect(Math.abs(Date.parse(queuedAt) - now)).toBeLessThan(300_000);
    expect((await readJob(farm, job.id))?.queuedAt).toBe(queuedAt);
  },
);

describe('a job of a priority lane', () => {
  it('is sent to the queue of its lane', async () => {
    await submitJob(farm, { id: 'later', source: 's3://films/a.mp4', options: { lane: 'bulk' } }, 'request');
    const { Messages = [] } = await storage.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: storage.lanes.bulk?.queueUrl }),
    );
    expect(Messages.map(({ Body }) => JSON.parse(Body ?? '').id)).toEqual(['later']);
    expect((await readJob(farm, 'later'))?.options).toEqual({ lane: 'bulk' });
  });

  it('is refused by its name where the farm has no such lane, and leaves nothing behind', async () => {
    const job = { id: 'sooner', source: 's3://films/a.mp4', options: { lane: 'urgent' as const } };
    await expect(submitJob(farm, job, 'request')).rejects.toThrow(
      '"urgent" is no lane of this farm: expected normal or bulk',
    );
    expect(await readJob(farm, 'sooner')).toBeUndefined();
  });
});

describe('a job whose sending is not answered', () => {
  /** The topic takes the job, its answer is lost, and `meanwhile` happens. */
  const losing = (meanwhile: () => Promise<unknown>): Farm => {
    const send = async () => {
      await meanwhile();
      throw Object.assign(new Error('The answer was lost.'), { name: 'InvalidParameter' });
    };
    return Object.assign(Object.create(farm) as Farm, { sns: { send } });
  };
  const job = { id: 'lost', source: 's3://films/a.mp4' };

  it('keeps what a worker has reported of it meanwhile', async () => {
    const now = { ...running(job.id), requestId: 'request' };
    const put = new PutObjectCommand({
      ...{ Bucket: storage.outputBucket, Key: `${job.id}/status.json` },
      Body: JSON.stringify(now),
    });
    const taken = losing(() => storage.s3.send(put));
    expect(await submitJob(taken, job, 'request', succeeded(job.id))).toMatchObject({ state: 'running' });
    expect(await readJob(farm, job.id)).toMatchObject({ state: 'running' });
  });

  it('is shown as before where no worker has taken it', async () => {
    const nothing = losing(async () => undefined);
    await expect(submitJob(nothing, job, 'request', succeeded(job.id))).rejects.toThrow('lost');
    expect(await readJob(farm, job.id)).toMatchObject({ state: 'succeeded' });
  });
});

/** Somebody who is signed in. */
async function signIn() {
  const features = { title: 'Test', urls: false, maxUploadBytes: 2 ** 40, publicUrl: undefined };
  const portal = createPortal({ farm, signingKey: 'k'.repeat(43), features, origins: [origin] });
  const signedIn = await portal.handle(new Request(`${origin}${portal.signInPath('Ada')}`), '203.0.113.7');
  const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  return async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', origin, cookie };
    const request = new Request(origin + path, { method: 'POST', body: JSON.stringify(body), headers });
    const answer = await portal.handle(request, '203.0.113.7');
    expect(answer.ok, path).toBe(true);
    return (await answer.json()) as { id: string; key: string; job: string; links: { url: string }[] };
  };
}

it('a cancelled job that is run again is made as it was asked for', async () => {
  const post = await signIn();
  const options = { ladder: 'mobile' as const, segmentSeconds: 4 };
  const error = { code: 'cancelled', message: 'By its owner.' };
  const state = { ...running('cancelled'), state: 'failed', options, error };
  const place = { Bucket: storage.outputBucket, Key: 'cancelled/status.json' };
  await storage.s3.send(new PutObjectCommand({ ...place, Body: JSON.stringify(state) }));
  await post('/api/jobs/cancelled/rerun', {});
  const queue = { QueueUrl: storage.queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
  const { Messages = [] } = await storage.sqs.send(new ReceiveMessageCommand(queue));
  const jobs = Messages.map(({ Body = '' }) => JSON.parse(Body) as { id: string });
  expect(jobs.find(({ id }) => id === 'cancelled')).toMatchObject({ options: { ...options, force: true } });
  expect(await readJob(farm, 'cancelled')).toMatchObject({ state: 'queued', options });
});

it('runs a film of several clips again with all of them, and a film that was named by its key alone', async () => {
  const post = await signIn();
  const sources = [{ source: 'intro.mov' }, { source: `s3://${storage.sourceBucket}/b.mp4`, from: 2, to: 9 }];
  for (const state of [
    { ...succeeded('joined'), source: 'intro.mov', sources },
    { ...succeeded('by-key'), source: 'intro.mov' },
  ]) {
    const Key = `${state.id}/status.json`;
    await storage.s3.send(
      new PutObjectCommand({ Bucket: storage.outputBucket, Key, Body: JSON.stringify(state) }),
    );
    await post(`/api/jobs/${state.id}/rerun`, {});
  }
  const queue = { QueueUrl: storage.queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
  const { Messages = [] } = await storage.sqs.send(new ReceiveMessageCommand(queue));
  const jobs = Messages.map(({ Body = '' }) => jobSchema.parse(JSON.parse(Body)));
  expect(jobs.find(({ id }) => id === 'joined')).toMatchObject({ sources, options: { force: true } });
  expect(jobs.find(({ id }) => id === 'by-key')).toMatchObject({ source: 'intro.mov' });
  expect(await readJob(farm, 'joined')).toMatchObject({ state: 'queued', source: 'intro.mov', sources });
});

it('an upload that is finished twice does not take its job back to the queue', async () => {
  const post = await signIn();
  const { id } = await post('/api/uploads', { name: 'a.film', size: 4 });
  const { links } = await post(`/api/uploads/${id}/links`, { parts: [1] });
  const put = await fetch(links[0]?.url ?? '', { method: 'PUT', body: 'film' });
  const finish = () =>
    post(`/api/uploads/${id}/complete`, { parts: [{ number: 1, etag: put.headers.get('etag') }] });
  const { job } = await finish();
  expect(await readJob(farm, job)).toMatchObject({ state: 'queued' });

  const Key = `${job}/status.json`;
  const Body = JSON.stringify(succeeded(job));
  await storage.s3.send(new PutObjectCommand({ Bucket: storage.outputBucket, Key, Body }));
  expect(await finish()).toEqual({ job });
  expect(await readJob(farm, job)).toMatchObject({ state: 'succeeded' });
});

it('an upload that is finished again after its film was made and removed names its job', async () => {
  const post = await signIn();
  const { id, key } = await post('/api/uploads', { name: 'b.film', size: 4 });
  const { links } = await post(`/api/uploads/${id}/links`, { parts: [1] });
  const put = await fetch(links[0]?.url ?? '', { method: 'PUT', body: 'film' });
  const parts = [{ number: 1, etag: put.headers.get('etag') }];
  const { job } = await post(`/api/uploads/${id}/complete`, { parts });
  await storage.s3.send(new DeleteObjectCommand({ Bucket: storage.sourceBucket, Key: key }));
  expect(await post(`/api/uploads/${id}/complete`, { parts })).toEqual({ job });
});

it('a file of an encrypted film is refused before a job is sent for it, and the film stays as it is', async () => {
  const made = succeeded('sealed');
  const state = { ...made, film: { ...made.film, encryption: 'aes-128' } };
  const put = { Bucket: storage.outputBucket, Key: 'sealed/status.json', Body: JSON.stringify(state) };
  await storage.s3.send(new PutObjectCommand(put));
  const portal = createPortal({
    farm,
    signingKey: 'k'.repeat(43),
    origins: [origin],
    features: { title: 'Test', urls: false, maxUploadBytes: 2 ** 40, publicUrl: undefined },
  });
  const entered = await portal.handle(new Request(`${origin}${portal.signInPath('ada')}`), '203.0.113.9');
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const answer = await portal.handle(
    new Request(`${origin}/api/jobs/sealed/files`, {
      method: 'POST',
      headers: { cookie, origin, 'content-type': 'application/json' },
      body: '{"outputs":["mp4"]}',
    }),
    '203.0.113.9',
  );
  expect([answer.status, await answer.json()]).toEqual([
    409,
    expect.objectContaining({ type: 'urn:transcode-farm:problem:clear-files' }),
  ]);
  expect((await readJob(farm, 'sealed'))?.state).toBe('succeeded');
});
