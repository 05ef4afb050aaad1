import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../../cli/doctor/finding.ts';
import { parsePeriod } from '../../../cli/webhooks/period.ts';
import type { Report } from '../../../worker/src/protocol/report.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { addressOf, farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { running, succeeded } from '../../helpers/reports/job-states.ts';
import { startPostgres, type TestPostgres } from '../../helpers/reports/postgres.ts';
import { type Receiver, respond, startReceiver } from '../../helpers/reports/receiver.ts';
import { reporterPort } from '../../helpers/reports/reporter-port.ts';
import { until } from '../../helpers/until.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let receiver: Receiver;
let database: TestPostgres;
let file: string;

const run = (...args: string[]) => farmCommand(folder.path, [...args, '--farm', file]);

/** As a worker does. */
async function report(state: JobState): Promise<void> {
  const body: Report = { kind: 'transition', state, requestId: 'request-1' };
  await farm.sqs.send(
    new SendMessageCommand({ QueueUrl: farm.reportsQueueUrl, MessageBody: JSON.stringify(body) }),
  );
}

const row = async (id: string) =>
  (
    await database.query(
      (sql) => sql<{ state: string }[]>`select state from transcode_farm.jobs where id = ${id}`,
    )
  )[0];
const posts = (job: string) =>
  receiver.deliveries
    .filter(({ body }) => JSON.parse(body).data.id === job)
    .map(({ body }) => JSON.parse(body).type);

beforeAll(async () => {
  [farm, folder, receiver, database] = await Promise.all([
    startLocalFarm(),
    temporaryFolder(),
    // The event of the first job is given up.
    startReceiver(Array.from({ length: 9 }, () => respond(500))),
    startPostgres(),
  ]);
  const settings = {
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: secret,
    ALLOW_PRIVATE_WEBHOOKS: 'true',
    DATABASE_URL: database.url,
    SCHEDULE_SPEEDUP: '100000',
  } as const;
  const reporter = farm.startReporter(settings);
  await report({ ...succeeded('refused'), sequence: 2 });
  await until(async () => (await farm.backlog(farm.reportsDeadLetterQueueUrl)) === 1, 'the dead letter');
  const reporterEndpoint = `http://127.0.0.1:${await reporterPort(reporter)}`;
  const address = addressOf(farm);
  if (address.local) address.local.reporterEndpoint = reporterEndpoint;
  const { reportsQueueUrl, reportsDeadLetterQueueUrl, reportsBucket } = farm;
  file = await saveAddress(folder.path, {
    ...address,
    ...{ reportsQueueUrl, reportsDeadLetterQueueUrl, reportsBucket },
  });
  await report({ ...running('well'), sequence: 1 });
  await report({ ...succeeded('well'), sequence: 2 });
  await until(async () => posts('well').at(-1) === 'job.succeeded', 'the end of the second job');
  await until(async () => (await row('well'))?.state === 'succeeded', 'its row');
}, 60_000);
afterAll(async () => {
  await farm.stop();
  await database[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

it('lists what was delivered and what was given up, with the reason', async () => {
  const ended = await run('webhooks');
  expect(ended.stdout).toMatch(/^well {2}job\.succeeded {2}delivered /m);
  expect(ended.stdout).toMatch(
    /^refused {2}job\.succeeded {2}given-up .*the receiver answered \d+ at try 9, the last$/m,
  );
  const { counts } = (await run('webhooks', 'refused', '--json')).json<{ counts: object }>();
  expect(counts).toEqual({ waiting: 0, delivered: 0, 'given-up': 1, overtaken: 0 });
  const unknown = await run('webhooks', 'unknown');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('No event of job "unknown"');
}, 40_000);

it('sends again what was given up, and clears its dead letter', async () => {
  const tries = posts('refused').length;
  const ended = await run('webhooks', 'redeliver', 'refused', '--json');
  expect(ended.json()).toEqual({ sent: ['refused'], batches: [], notFound: [] });
  await until(async () => posts('refused').length > tries, 'the event');
  expect(await farm.backlog(farm.reportsDeadLetterQueueUrl)).toBe(0);
  // Its record is written when the receiver has answered.
  const delivered = async () =>
    (await run('webhooks', 'refused', '--json')).json<{ counts: { delivered: number } }>().counts.delivered;
  await until(async () => (await delivered()) === 1, 'the record of the delivery');
}, 40_000);

it('sends everything of a period again, under the same ids', async () => {
  const before = receiver.deliveries.length;
  const ended = await run('webhooks', 'redeliver', '--since', '1h', '--json');
  expect(ended.json<{ sent: string[] }>().sent.sort()).toEqual(['refused', 'well']);
  await until(async () => receiver.deliveries.length === before + 2, 'both events');
  const ids = receiver.deliveries.map(({ headers }) => headers['webhook-id']);
  expect(new Set(ids).size).toBe(3);
}, 40_000);

it('lists the event of a batch, and sends it again', async () => {
  await report({ ...succeeded('of-batch'), batch: { id: 'night', jobs: 1 }, sequence: 2 });
  await until(async () => posts('night').length === 1, 'the event of the batch');
  const listed = async () => (await run('webhooks', '--batch', 'night')).stdout;
  await until(async () => /^night {2}batch\.finished {2}delivered /m.test(await listed()), 'its record');
  expect((await run('webhooks')).stdout).toMatch(/^night {2}batch\.finished {2}delivered /m);
  const ended = await run('webhooks', 'redeliver', '--batch', 'night', '--batch', 'none', '--json');
  expect(ended.json()).toEqual({ sent: [], batches: ['night'], notFound: ['none'] });
  await until(async () => posts('night').length === 2, 'the event once more');
  const unknown = await run('webhooks', '--batch', 'none');
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('Batch "none" has no event')]);
}, 40_000);

it('has the reporter post a test, and doctor has it open the database too', async () => {
  const test = await run('webhook', 'test', '--json');
  expect(test.json()).toMatchObject({ url: receiver.url, delivered: true, status: 204 });
  expect(posts('webhook-test')).toEqual(['job.succeeded']);
  const { checks } = (await run('doctor', '--json')).json<{ checks: Finding[] }>();
  const states = new Map(checks.map(({ name, state, why }) => [name, `${state}: ${why}`]));
  expect(states.get('webhook')).toBe('ok: the receiver took a test event, and answered 204');
  expect(states.get('database')).toMatch(/^ok: Postgres .* its tables can be written$/);
}, 60_000);

it('writes rows that the database lacks from status.json, and posts no webhook for them', async () => {
  for (const id of ['well', 'lost']) {
    await farm.s3.send(
      new PutObjectCommand({
        Bucket: farm.outputBucket,
        Key: `${id}/status.json`,
        Body: JSON.stringify({ ...succeeded(id), sequence: 2, updatedAt: new Date().toISOString() }),
      }),
    );
  }
  const before = receiver.deliveries.length;
  const ended = await run('reconcile', '--json');
  expect(ended.json<{ jobs: string[] }>().jobs.sort()).toEqual(['lost', 'well']);
  await until(async () => (await row('lost'))?.state === 'succeeded', 'the row');
  await until(async () => (await farm.backlog(farm.reportsQueueUrl)) === 0, 'the queue to be empty');
  expect(receiver.deliveries).toHaveLength(before);
}, 40_000);

it('says that a farm without a webhook has none', async () => {
  const path = await saveAddress(folder.path, addressOf(farm));
  for (const args of [['webhooks'], ['reconcile'], ['webhook', 'test']]) {
    const ended = await farmCommand(folder.path, [...args, '--farm', path]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^This farm (sends no webhooks|has no reporter)/);
  }
}, 40_000);

it('reads periods of minutes, hours and days', () => {
  expect(['30m', '2h', '7d', '2', 'h', '2 h'].map(parsePeriod)).toEqual([
    1_800_000,
    7_200_000,
    604_800_000,
    ...Array(3).fill(undefined),
  ]);
});
