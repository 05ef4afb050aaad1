import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import { guardNetwork } from '../helpers/local-farm/guarded-network.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../helpers/media/clips.ts';
import { startPostgres, type TestPostgres } from '../helpers/reports/postgres.ts';
import { type Receiver, startReceiver } from '../helpers/reports/receiver.ts';
import { until } from '../helpers/until.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let resources: AsyncDisposableStack;
let farm: TestFarm;
let folder: string;
let receiver: Receiver;
let database: TestPostgres;
/** Of storage and queues. */
let emulator: string;

/** A farm with a webhook and a database, which the reporter alone knows. */
beforeAll(async () => {
  resources = new AsyncDisposableStack();
  folder = resources.use(await temporaryFolder()).path;
  receiver = resources.use(await startReceiver());
  database = resources.use(await startPostgres());
  farm = resources.adopt(
    await startLocalFarm({ reports: true, env: { X264_PRESET: 'ultrafast', ENCODER: 'x264' } }),
    (opened) => opened.stop(),
  );
  emulator = new URL(farm.env.SQS_ENDPOINT ?? '').host;
  farm.startReporter({
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: secret,
    ALLOW_PRIVATE_WEBHOOKS: 'true',
    DATABASE_URL: database.url,
  });
});
afterAll(() => resources.disposeAsync());

it('a worker reaches storage and queues alone, and its job is reported to webhook and database all the same', async () => {
  const clip = join(folder, 'clip.mp4');
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=25:d=1', '-pix_fmt', 'yuv420p', clip);
  await farm.put('films/clip.mp4', clip);
  const { env, wanted } = await guardNetwork(folder, [emulator]);
  const worker = farm.startWorker(env as Partial<WorkerEnvironment>);
  const id = await farm.sendJob({ source: 'films/clip.mp4' });
  await farm.waitFor(id, 'succeeded');
  const ends = () => receiver.deliveries.filter(({ body }) => body.includes('"job.succeeded"'));
  await until(() => ends().length > 0, 'the webhook');
  const rows = () => database.query((sql) => sql`select id, state from transcode_farm.jobs`);
  await until(async () => (await rows())[0]?.state === 'succeeded', 'the row');
  if (process.platform === 'linux') {
    const environment = await readFile(`/proc/${worker.pid}/environ`, 'utf8');
    expect(environment).toContain(emulator);
    expect(environment).not.toContain(secret);
    expect(environment).not.toContain(new URL(database.url).port);
  }
  await worker.stop();
  expect(await wanted()).toEqual(new Set([emulator]));
});

it('a worker that wants to go elsewhere is refused, and seen', async () => {
  let calls = 0;
  const server = createServer((_, response) => {
    calls += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { env, wanted } = await guardNetwork(folder, [emulator]);
  const settings = { ALLOW_HTTP_SOURCES: 'true', ALLOW_PRIVATE_SOURCES: 'true' } as const;
  const worker = farm.startWorker({ ...settings, ...(env as Partial<WorkerEnvironment>) });
  await farm.sendJob({ source: `http://${address}/film.mp4` });
  await until(async () => (await wanted()).has(address), 'the attempt');
  await worker.stop();
  server.close();
  expect(calls).toBe(0);
});
