import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  addressOf,
  farmCommand,
  saveAddress,
  startFarmCommand,
} from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { until } from '../../helpers/until.ts';

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;

beforeAll(async () => {
  // The worker publishes under a prefix, and the page has to find it there.
  farm = await startLocalFarm({ env: { OUTPUT_PREFIX: 'films/' } });
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, { ...addressOf(farm), outputPrefix: 'films/' });
  farm.startWorker();
  await farm.sendJob({ id: 'gone', source: 'nowhere.mp4' });
  await farm.waitFor('gone', 'failed');
}, 60_000);

afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

it('serves the page of a job and its status, until it is ended', async () => {
  const open = startFarmCommand(folder.path, ['open', 'gone', '--farm', file, '--json']);
  await until(() => open.output.stdout.includes('\n'), 'the address of the page', 40);
  const { url } = JSON.parse(open.output.stdout) as { url: string };
  const signedIn = await fetch(url, { redirect: 'manual' });
  const page = new URL(signedIn.headers.get('location') ?? '', url);
  expect(page.pathname).toBe('/jobs/gone');
  expect(await (await fetch(page)).text()).toContain('<video');
  const headers = { cookie: signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  const status = await fetch(new URL('/api/jobs/gone', url), { headers });
  expect(await status.json()).toMatchObject({ id: 'gone', state: 'failed' });
  open.child.kill('SIGINT');
  expect((await open.ended).code).toBe(130);
}, 60_000);

it('refuses to open a job that does not exist', async () => {
  const ended = await farmCommand(folder.path, ['open', 'unknown', '--farm', file]);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('No job named "unknown"');
}, 40_000);
