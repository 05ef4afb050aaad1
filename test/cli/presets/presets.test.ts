import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { projectFolder } from '../../../cli/doctor/deployment/stack.ts';
import { farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { startAwsAnswers } from '../../helpers/program/aws-answers.ts';

/** The outputs of a farm whose AWS is at `endpoint`. */
function outputsAt(endpoint: string): object {
  const bucket = { sourceStorage: 's3', sourceBucket: 'source', sourceRegion: 'us-east-1' };
  return {
    region: 'us-east-1',
    topicArn: 'arn:aws:sns:us-east-1:000000000000:jobs',
    queueUrl: `${endpoint}/jobs`,
    deadLetterQueueUrl: `${endpoint}/dead`,
    ...bucket,
    uploadsStartJobs: true,
    ...{ outputStorage: 's3', outputBucket: 'output', outputRegion: 'us-east-1' },
    ...{ clusterName: 'farm', serviceName: 'worker' },
    local: { endpoint, pid: process.pid, uploadSuffixes: [] },
  };
}

async function presetsOfWorkers(PRESETS: string | undefined, ...args: string[]) {
  const environment = PRESETS === undefined ? [] : [{ name: 'PRESETS', value: PRESETS }];
  await using aws = await startAwsAnswers({
    DescribeServices: { services: [{ status: 'ACTIVE', taskDefinition: 'worker:1' }] },
    DescribeTaskDefinition: { taskDefinition: { containerDefinitions: [{ environment }] } },
  });
  await using folder = await temporaryFolder();
  const file = await saveAddress(folder.path, outputsAt(aws.client.endpoint));
  return await farmCommand(folder.path, ['presets', '--farm', file, ...args]);
}

it('lists the presets that the workers have, one a line, the name before a tab', async () => {
  const { stdout, code } = await presetsOfWorkers(
    '{"studio":{"quality":"high"},"social":{"ladder":"mobile"}}',
  );
  expect(stdout).toBe('social\t{"ladder":"mobile"}\nstudio\t{"quality":"high"}\n');
  expect(code).toBe(0);
}, 20_000);

it('answers programs with all options of each preset', async () => {
  const { json } = await presetsOfWorkers('{"social":{"ladder":"mobile"}}', '--json');
  expect(json()).toEqual({ presets: { social: { ladder: 'mobile' } }, from: 'workers' });
}, 20_000);

it('lists nothing for a farm without presets', async () => {
  expect(await presetsOfWorkers(undefined)).toMatchObject({ stdout: '', code: 0 });
}, 20_000);

it('reads the file of the stack where the farm cannot be asked, and says so', async () => {
  const stack = `presets-${process.pid}`;
  const file = join(projectFolder, `Pulumi.${stack}.yaml`);
  await writeFile(
    file,
    'config:\n  aws:region: us-east-1\n  transcode-farm:presets:\n    social: { ladder: mobile }\n',
  );
  onTestFinished(() => rm(file));
  await using folder = await temporaryFolder();
  const { stdout, stderr, code } = await farmCommand(folder.path, ['presets', '--stack', stack], {
    PATH: folder.path,
  });
  expect(stderr).toMatch(
    new RegExp(`^From Pulumi.${stack}.yaml, as the farm can't be asked: .*pulumi is not on`),
  );
  expect(stdout).toBe('social\t{"ladder":"mobile"}\n');
  expect(code).toBe(0);
}, 40_000);

it('says why the presets are not known where no file names them either', async () => {
  await using folder = await temporaryFolder();
  const { stderr, code } = await farmCommand(folder.path, ['presets', '--stack', 'nowhere'], {
    PATH: folder.path,
  });
  expect(stderr).toContain('The outputs of stack "nowhere" can\'t be read');
  expect(code).toBe(1);
}, 40_000);
