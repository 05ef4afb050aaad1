import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { UserError } from '../../../cli/errors.ts';
import type { Farm } from '../../../cli/farm/farm.ts';
import { checkFarmTakes } from '../../../cli/submit/check.ts';
import type { SubmittedJob } from '../../../cli/submit/send.ts';
import {
  addressOf,
  farmCommand,
  saveAddress,
  startFarmCommand,
} from '../../helpers/local-farm/farm-command.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { preload } from '../../helpers/local-farm/preloads.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { until } from '../../helpers/until.ts';

let farm: TestFarm;
let storage: FaultProxy;
let aws: FaultProxy;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;

/** Submitted with options or under this name, a film's upload makes no job. */
const name = 'long.mov';
const submit = (...args: string[]) => farmCommand(folder.path, ['submit', '--farm', file, '--json', ...args]);
const stored = () => storage.requests.filter((request) => /^(PUT|POST) /.test(request));

beforeAll(async () => {
  farm = await startLocalFarm();
  const endpoint = farm.env.SQS_ENDPOINT ?? '';
  storage = await startFaultProxy(endpoint);
  aws = await startFaultProxy(endpoint);
  folder = await temporaryFolder();
  const address = addressOf(farm);
  file = await saveAddress(folder.path, {
    ...address,
    sourceEndpoint: storage.url,
    local: { ...address.local, endpoint: aws.url },
  });
  await writeFile(join(folder.path, name), randomBytes(33 * 2 ** 20));
  await writeFile(join(folder.path, 'empty.mov'), '');
});
afterEach(() => {
  storage.heal();
  aws.heal();
});
afterAll(async () => {
  await storage[Symbol.asyncDispose]();
  await aws[Symbol.asyncDispose]();
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

it.each([
  [['--id', 'a/b'], '--id: "a/b" is not a job id'],
  [['empty.mov'], 'is empty (0 bytes)'],
  [['missing.mov'], 'neither a file here nor an object'],
])(
  'sends no byte when %j is refused',
  async (more, words) => {
    const ended = await submit(name, ...more);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(words);
    expect(stored()).toEqual([]);
  },
  30_000,
);

it('sends no byte when the login has expired', async () => {
  aws.inject({ kind: 'status', status: 403, code: 'ExpiredToken' });
  const ended = await submit(name);
  expect(ended.code).toBe(1);
  expect(stored()).toEqual([]);
}, 30_000);

it('sends the job alone when the login expired before the end of the upload, and sends it once', async () => {
  const running = startFarmCommand(folder.path, ['submit', '--farm', file, '--json', name]);
  await until(() => stored().length > 0, 'the upload', 20);
  aws.inject({ kind: 'status', status: 403, code: 'AuthorizationError' });
  const ended = await running.ended;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('What is uploaded is kept: the same command goes on from there.');
  // The event of the upload, which the worker passes over.
  await until(async () => (await farm.backlog()) === 1, 'the event');

  aws.heal();
  const before = stored().length;
  const again = await submit(name);
  expect(again.code).toBe(0);
  expect(stored().length).toBe(before);
  expect(again.json<{ jobs: SubmittedJob[] }>().jobs).toMatchObject([{ by: 'message' }]);
  expect(await farm.backlog()).toBe(2);
}, 60_000);

it('sees the end of a job although the clock of this machine is an hour ahead', async () => {
  await farm.put('notes.film', Buffer.from('not a film'));
  farm.startWorker();
  const environment = (await preload(folder.path, 'skew', 3600)) as Record<string, string>;
  const args = ['submit', '--farm', file, '--wait', '--json', `s3://${farm.sourceBucket}/notes.film`];
  const ended = await farmCommand(folder.path, args, environment);
  expect(ended.code).toBe(2);
  expect(ended.json<{ jobs: { state: { state: string } }[] }>().jobs[0]?.state.state).toBe('failed');
}, 60_000);

/** A farm whose workers have this environment. */
function deployed(environment: { name: string; value: string }[]): Farm {
  const answers: Record<string, object> = {
    DescribeServicesCommand: { services: [{ status: 'ACTIVE', taskDefinition: 'worker' }] },
    DescribeTaskDefinitionCommand: {
      taskDefinition: { containerDefinitions: [{ environment }] },
    },
  };
  const client = { send: async (command: object) => answers[command.constructor.name] ?? {} };
  const address = { topicArn: 'arn', clusterName: 'farm', serviceName: 'worker' };
  return { address, sns: client, ecs: client, autoScaling: client } as unknown as Farm;
}
const web = {
  kind: 'there' as const,
  name: 'film',
  job: { id: 'film', source: 'https://example.org/a.mp4' },
};
const hooked = {
  kind: 'there' as const,
  name: 'film',
  job: { id: 'film', source: 'a.mp4', options: { webhook: 'https://example.org/hook' } },
};

it('refuses what the rules of the farm forbid, and takes what they allow', async () => {
  await expect(checkFarmTakes(deployed([]), [web])).rejects.toThrow(UserError);
  await expect(checkFarmTakes(deployed([]), [web])).rejects.toThrow('allowHttpSources');
  await expect(checkFarmTakes(deployed([]), [hooked])).rejects.toThrow('allowJobWebhooks');
  const open = deployed([
    { name: 'ALLOW_HTTP_SOURCES', value: 'true' },
    { name: 'ALLOW_JOB_WEBHOOKS', value: 'true' },
  ]);
  await checkFarmTakes(open, [web, hooked]);
  const styled = { ...web, job: { id: 'film', source: 'a.mp4', options: { preset: 'social' } } };
  await expect(checkFarmTakes(open, [styled])).rejects.toThrow(
    /^"social" names no preset of this farm: this farm has no presets\.$/,
  );
  await checkFarmTakes(deployed([{ name: 'PRESETS', value: '{"social":{"ladder":"hd"}}' }]), [styled]);
  const locked = {
    ...web,
    job: { id: 'film', source: 'a.mp4', options: { encryption: 'aes-128' as const } },
  };
  await expect(checkFarmTakes(open, [locked])).rejects.toThrow('set encryptionKeyUrl and encryptionSecret');
  const keys = deployed([{ name: 'ENCRYPTION_KEY_URL', value: 'https://keys.example.com/{jobId}/{plan}' }]);
  await checkFarmTakes(keys, [locked]);
  const beside = { ...locked.job, options: { ...locked.job.options, outputs: ['hls', 'mp4'] } };
  await expect(checkFarmTakes(keys, [{ ...locked, job: beside }])).rejects.toThrow('mp4 would lie beside it');
  const urgent = { ...web, job: { id: 'film', source: 'a.mp4', options: { lane: 'urgent' as const } } };
  await expect(checkFarmTakes(open, [urgent])).rejects.toThrow(/^"urgent" is no lane of this farm/);
});
