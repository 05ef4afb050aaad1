import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFarm, localAddressPath, readAddress } from '../../../cli/farm/address.ts';
import { farmCommand } from '../../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** As "pulumi stack output --json" prints them. */
const outputs = {
  region: 'eu-central-1',
  topicArn: 'arn:aws:sns:eu-central-1:123456789012:jobs',
  queueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/jobs',
  deadLetterQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/dead',
  sourceStorage: 's3',
  sourceBucket: 'films',
  sourceRegion: 'eu-central-1',
  sourceEndpoint: '',
  uploadsStartJobs: true,
  outputStorage: 'r2',
  outputBucket: 'published',
  outputRegion: 'auto',
  outputEndpoint: 'https://abc.r2.cloudflarestorage.com',
  outputPrefix: '',
  publicUrl: '',
  clusterName: 'farm',
  maxTasks: 3,
};

it('reads the outputs of the stack, and leaves alone what it does not need', () => {
  const { local, ...address } = readAddress(JSON.stringify(outputs), 'here');
  expect(local).toBeUndefined();
  expect(address).toMatchObject({ outputStorage: 'r2', dashboardUrl: '', maxTasks: 3 });
});

it('reports every mistake in a saved file at once', () => {
  const { queueUrl: _, ...rest } = outputs;
  const broken = JSON.stringify({ ...rest, outputStorage: 'gcs' });
  expect(() => readAddress(broken, 'farm.json')).toThrow(/farm\.json.*[\s\S]*queueUrl[\s\S]*outputStorage/);
  expect(() => readAddress('{', 'farm.json')).toThrow('farm.json is not JSON');
});

it('takes the stack before the file, the named before the environment, and the farm on this machine last', async () => {
  const save = async (path: string, region: string) => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, JSON.stringify({ ...outputs, region }));
    return path;
  };
  const env = { XDG_STATE_HOME: join(folder.path, 'state') };
  await save(localAddressPath(env), 'local');
  const named = await save(join(folder.path, 'named.json'), 'named');
  const reported = await save(join(folder.path, 'reported.json'), 'reported');

  expect((await findFarm({}, env)).region).toBe('local');
  expect((await findFarm({}, { ...env, FARM_FILE: reported })).region).toBe('reported');
  expect((await findFarm({ farm: named }, { ...env, FARM_FILE: reported, FARM_STACK: 'x' })).region).toBe(
    'named',
  );
  await expect(findFarm({ farm: named, stack: 'x' }, env)).rejects.toThrow('give one of them');
  await expect(findFarm({ stack: '' }, env)).rejects.toThrow('--stack has no name behind it');
  await expect(findFarm({}, { ...env, FARM_FILE: '/none.json' })).rejects.toThrow(
    "The farm's file can't be read: no such file or folder: /none.json.\nThe variable FARM_FILE names this farm.",
  );
  await writeFile(localAddressPath(env), '{}');
  await expect(findFarm({}, env)).rejects.toThrow(
    'Start the farm of this machine again: "farm demo --keep".',
  );
});

it('reads the outputs of a stack from Pulumi', async () => {
  const tool = join(folder.path, 'bin', 'pulumi');
  await mkdir(join(folder.path, 'bin'), { recursive: true });
  await writeFile(
    tool,
    `#!/bin/sh\n[ "$*" = "stack output --json --stack=dev" ] || { echo "error: no stack named $*" >&2; exit 1; }\ncat <<'END'\n${JSON.stringify({ ...outputs, outputStorage: 'r2' })}\nEND\n`,
  );
  await chmod(tool, 0o755);
  const path = `${join(folder.path, 'bin')}:${process.env.PATH}`;
  // Pulumi was asked and the address taken, for what is missing are the keys of R2.
  const known = await farmCommand(folder.path, ['jobs', '--stack', 'dev'], { PATH: path });
  expect(known.stderr).toContain('Set FARM_OUTPUT_ACCESS_KEY_ID and FARM_OUTPUT_SECRET_ACCESS_KEY.');
  const unknown = await farmCommand(folder.path, ['jobs', '--stack', 'prod'], { PATH: path });
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('Pulumi says: error: no stack named');
}, 40_000);

it('lists every way to select a farm when none is selected', async () => {
  const ended = await farmCommand(folder.path, ['jobs', '--json'], {
    XDG_STATE_HOME: join(folder.path, 'nothing'),
  });
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('No farm is selected.');
  expect(ended.json<{ error: { message: string } }>().error.message).toContain('farm demo --keep');
}, 40_000);

it('reports in one sentence that a farm does not answer', async () => {
  const local = { endpoint: 'http://127.0.0.1:1', pid: 1, uploadSuffixes: ['.mp4'] };
  const path = join(folder.path, 'gone.json');
  const gone = { ...outputs, outputStorage: 's3', outputEndpoint: local.endpoint, local };
  await writeFile(path, JSON.stringify({ ...gone, queueUrl: `${local.endpoint}/q` }));
  const ended = await farmCommand(folder.path, ['status', '--farm', path]);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('The farm does not answer');
  expect(ended.stderr).not.toContain('    at ');
}, 40_000);
