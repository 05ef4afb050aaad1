import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../cli/farm/farm.ts';
import { createPortal } from '../../portal/src/portal.ts';
import type { Report } from '../../worker/src/protocol/report.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { running, succeeded } from '../helpers/reports/job-states.ts';
import { type Receiver, respond, startReceiver } from '../helpers/reports/receiver.ts';
import { reporterPort } from '../helpers/reports/reporter-port.ts';
import { until } from '../helpers/until.ts';

const origin = 'https://films.example.com';

let resources: AsyncDisposableStack;
let storage: TestFarm;
let receiver: Receiver;
let call: (method: string, path: string) => Promise<{ status: number; body: unknown }>;

/** What a worker leaves: its status, and a report. */
async function report(state: JobState): Promise<void> {
  const Body = JSON.stringify(state);
  const { outputBucket: Bucket, reportsQueueUrl: QueueUrl } = storage;
  await storage.s3.send(new PutObjectCommand({ Bucket, Key: `${state.id}/status.json`, Body }));
  const body: Report = { kind: 'transition', state, requestId: `request of ${state.id}` };
  await storage.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }));
}

const eventsOf = async (job: string) => {
  const { body } = await call('GET', `/api/jobs/${job}/deliveries`);
  return (body as { deliveries: { state: string; status: string }[] }).deliveries;
};

beforeAll(async () => {
  resources = new AsyncDisposableStack();
  storage = resources.adopt(await startLocalFarm({ reports: true }), (farm) => farm.stop());
  // Nine tries are all that an event gets.
  receiver = resources.use(await startReceiver(Array.from({ length: 9 }, () => respond(500))));
  const reporter = storage.startReporter({
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    ALLOW_PRIVATE_WEBHOOKS: 'true',
    SCHEDULE_SPEEDUP: '100000',
  });
  const address = addressOf(storage);
  if (address.local) address.local.reporterEndpoint = `http://127.0.0.1:${await reporterPort(reporter)}`;
  const { reportsDeadLetterQueueUrl, reportsBucket } = storage;
  const farm = connect({ ...address, reportsDeadLetterQueueUrl, reportsBucket });
  resources.defer(() => farm.close());
  const features = { title: 'Test', urls: false, maxUploadBytes: 2 ** 40, publicUrl: undefined };
  const portal = createPortal({ farm, signingKey: 'k'.repeat(43), features, origins: [origin] });
  const signedIn = await portal.handle(new Request(`${origin}${portal.signInPath('Ada')}`), '203.0.113.7');
  const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  call = async (method, path) => {
    const headers = { 'sec-fetch-site': 'same-origin', origin, cookie };
    const answer = await portal.handle(new Request(origin + path, { method, headers }), '203.0.113.7');
    return { status: answer.status, body: await answer.json() };
  };
}, 60_000);
afterAll(() => resources.disposeAsync());

it('an event that was given up is shown with its reason, and is posted again', async () => {
  await report({ ...succeeded('refused'), sequence: 2 });
  await until(async () => (await eventsOf('refused'))[0]?.status === 'given-up', 'the end of the tries');
  await until(
    async () => (await storage.backlog(storage.reportsDeadLetterQueueUrl)) === 1,
    'the dead letter',
  );
  expect(await eventsOf('refused')).toEqual([
    expect.objectContaining({
      state: 'succeeded',
      tries: expect.any(Number),
      why: expect.stringMatching(/500/),
    }),
  ]);
  const again = await call('POST', '/api/jobs/refused/deliveries/redeliver');
  expect(again).toEqual({ status: 200, body: { sent: 1 } });
  await until(async () => (await eventsOf('refused'))[0]?.status === 'delivered', 'the delivery');
  expect(await storage.backlog(storage.reportsDeadLetterQueueUrl)).toBe(0);
});

it('all events of a job are listed, the oldest first', async () => {
  await report({ ...running('well'), sequence: 1 });
  await report({ ...succeeded('well'), sequence: 2 });
  await until(async () => (await eventsOf('well')).length === 2, 'both events');
  expect((await eventsOf('well')).map(({ state }) => state)).toEqual(['running', 'succeeded']);
});

it('the event of a batch is shown with its jobs, and is posted again', async () => {
  await report({ ...succeeded('of-batch'), batch: { id: 'night', jobs: 1 }, sequence: 2 });
  const batchEvent = async () =>
    ((await call('GET', '/api/jobs/of-batch/deliveries')).body as { batch?: { status: string } }).batch;
  await until(async () => (await batchEvent())?.status === 'delivered', 'the event');
  expect(await batchEvent()).toMatchObject({ batch: 'night', tries: 0, finishedAt: expect.any(String) });
  const before = receiver.deliveries.length;
  const again = await call('POST', '/api/jobs/of-batch/deliveries/redeliver-batch');
  expect(again).toEqual({ status: 200, body: { sent: 1 } });
  await until(async () => receiver.deliveries.length === before + 1, 'the event once more');
  expect(JSON.parse(receiver.deliveries.at(-1)?.body ?? '')).toMatchObject({ type: 'batch.finished' });
});

it('a job that is not there has no events to show or to post', async () => {
  expect(await call('GET', '/api/jobs/none/deliveries')).toMatchObject({ status: 404 });
  expect(await call('POST', '/api/jobs/none/deliveries/redeliver')).toMatchObject({ status: 404 });
});
