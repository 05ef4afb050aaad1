import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkCredentials } from '../../../cli/doctor/account.ts';
import type { Finding } from '../../../cli/doctor/finding.ts';
import { localCredentials } from '../../../cli/local-farm/emulator.ts';
import { addressOf, farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  farm = await startLocalFarm();
  folder = await temporaryFolder();
});

afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

async function examined(address: object, environment: Record<string, string> = {}) {
  const file = await saveAddress(folder.path, address);
  const ended = await farmCommand(folder.path, ['doctor', '--farm', file, '--json'], environment);
  const { ok, checks } = ended.json<{ ok: boolean; checks: Finding[] }>();
  return { code: ended.code, ok, states: Object.fromEntries(checks.map((check) => [check.name, check])) };
}

it('finds nothing wrong with a farm that answers, and leaves nothing behind', async () => {
  farm.startWorker();
  await farm.put('film.dat', Buffer.from('x'));
  const { code, ok, states } = await examined(addressOf(farm));
  for (const name of [
    'node',
    'queue',
    'dead letters',
    'parts queue',
    'topic',
    'source',
    'output',
    'conditional writes',
    'workers',
    'clock',
  ]) {
    expect(states[name], name).toMatchObject({ state: 'ok' });
  }
  expect(states.source?.why).toContain('listed and read');
  expect(states.database?.state).toBe('not asked');
  expect([code, ok]).toEqual([0, true]);
  expect((await farm.keys('')).filter((key) => key.includes('doctor'))).toEqual([]);
}, 40_000);

it('names everything that does not answer, with a fix, and exits with 1', async () => {
  const { code, ok, states } = await examined(
    {
      ...addressOf(farm),
      outputBucket: 'nowhere',
      topicArn: 'arn:aws:sns:us-east-1:000000000000:gone',
      queueUrl: `${farm.queueUrl}-gone`,
    },
    { DATABASE_URL: 'postgres://farm@127.0.0.1:1/nowhere' },
  );
  for (const name of ['output', 'topic', 'queue', 'database']) {
    expect(states[name], name).toMatchObject({ state: 'failed', fix: expect.stringMatching(/\w/) });
  }
  expect(states['dead letters']?.state).toBe('ok');
  expect([code, ok]).toEqual([1, false]);
}, 40_000);

it('checks what the deployment of a stack needs where no farm is selected', async () => {
  const nobody = { AWS_EC2_METADATA_DISABLED: 'true', AWS_PROFILE: '', HOME: folder.path };
  const ended = await farmCommand(folder.path, ['doctor', '--json'], {
    ...{ ...nobody, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    XDG_STATE_HOME: `${folder.path}/nothing`,
  });
  const { checks } = ended.json<{ checks: Finding[] }>();
  expect(checks.find(({ name }) => name === 'stack config')).toMatchObject({
    state: 'ok',
    why: 'Pulumi.dev.yaml is valid',
  });
  expect(checks.find(({ name }) => name === 'region')?.why).toBe('us-east-1, aws:region of stack dev');
  expect(checks.find(({ name }) => name === 'credentials')).toMatchObject({
    state: 'failed',
    fix: 'Log in ("aws sso login"), or choose a profile: --profile NAME, or AWS_PROFILE.',
  });
  expect(checks.at(-1)).toMatchObject({ name: 'farm', state: 'not asked' });
  expect(ended.code).toBe(1);

  const unreadable = await farmCommand(folder.path, ['doctor', '--farm', 'nowhere.json'], nobody);
  expect(unreadable.stdout).toMatch(/failed +farm +The farm's file can't be read[\s\S]*fix:/);
}, 40_000);

it('sends a film of its own through the whole farm, shows where the time went, and deletes it', async () => {
  farm.startWorker();
  const before = await farm.keys('');
  const file = await saveAddress(folder.path, addressOf(farm));
  const ended = await farmCommand(folder.path, ['doctor', '--smoke', '--farm', file]);
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toMatch(/^The farm works: 2 s of film became \d+ renditions/);
  for (const step of ['upload', 'waiting', 'probing', 'encoding', 'publishing', 'reporting']) {
    expect(ended.stdout).toMatch(new RegExp(`^${step} +[0-9.]+ s`, 'm'));
  }
  expect(await farm.keys('')).toEqual(before);
}, 90_000);

it('reports credentials of another account than the farm', async () => {
  const sts = new STSClient({
    region: 'us-east-1',
    endpoint: farm.env.SQS_ENDPOINT,
    credentials: localCredentials,
  });
  const own = { topicArn: 'arn:aws:sns:us-east-1:000000000000:films' };
  expect(await checkCredentials(sts, own)).toMatchObject({ state: 'ok' });
  const other = { topicArn: 'arn:aws:sns:us-east-1:123456789012:films' };
  expect(await checkCredentials(sts, other)).toMatchObject({
    state: 'failed',
    why: expect.stringContaining('the farm is in account 123456789012'),
  });
  sts.destroy();
}, 20_000);
