import { beforeAll, describe, expect, it } from 'vitest';
import { readAddress } from '../../../cli/farm/address.ts';
import { checkRegion } from '../../../infra/portal/regions.ts';
import { readPortalSettings } from '../../../portal/src/settings.ts';
import type { Inputs } from '../../../tools/program-run/registered.ts';
import { madeUpSecrets } from '../../../tools/program-run/stacks.ts';
import { type FarmRecording, field, readFarmSettings, recordFarm } from '../../helpers/program/farm.ts';
import { statementsOf } from '../../helpers/program/policies.ts';
import { promiseOf } from '../../helpers/program/pulumi.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

const hash = String(madeUpSecrets.portalPasswordHash);
const stackWith = (changes: Record<string, string> = {}) =>
  bareStack({ portal: 'function', portalPasswordHash: hash, ...changes });

const portalOf = (farm: FarmRecording) => farm.resource('aws:lambda/function:Function', 'farm-portal').inputs;
const variablesOf = (farm: FarmRecording) => field(field(portalOf(farm), 'environment'), 'variables');
const rightsOf = (farm: FarmRecording) =>
  Object.fromEntries(
    statementsOf(farm)
      .filter(({ at }) => at === 'aws:iam/rolePolicy:RolePolicy farm-portal')
      .map(({ sid, actions, resources }) => [sid, { actions, resources }]),
  );

describe('settings', () => {
  it('has no portal unless one is asked for', async () => {
    expect((await readFarmSettings()).portal).toBeUndefined();
    const { portal, notes } = await readFarmSettings({ portalPasswordHash: hash });
    expect(portal).toBeUndefined();
    expect(notes).toEqual(['portalPasswordHash is set but not used: portal is "none".']);
  });

  it('refuses a portal without a password, and says how to set one', async () => {
    await expect(readFarmSettings({ portal: 'function' })).rejects.toThrow(
      /portalPasswordHash is not set.*\n.*pulumi config set --secret portalPasswordHash "\$\(npx farm portal-password\)"/,
    );
  });

  it('refuses what is no host of a portal', async () => {
    await expect(readFarmSettings({ portal: 'server', portalPasswordHash: hash })).rejects.toThrow(
      'portal is "server": expected none, function or service.',
    );
  });
});

describe('a farm with a portal', () => {
  let farm: FarmRecording;
  beforeAll(async () => {
    farm = await recordFarm(stackWith());
  });

  it('has an address that browsers can call: both permissions, each for this address alone', async () => {
    expect(farm.resource('aws:lambda/functionUrl:FunctionUrl').inputs).toMatchObject({
      functionName: 'farm-portal-0a1b2c3',
      authorizationType: 'NONE',
    });
    const permissions = farm
      .resourcesOf('aws:lambda/permission:Permission')
      .filter(({ name }) => name.startsWith('farm-portal'));
    expect(permissions.map(({ inputs }) => inputs)).toEqual([
      expect.objectContaining({
        action: 'lambda:InvokeFunctionUrl',
        principal: '*',
        functionUrlAuthType: 'NONE',
      }),
      expect.objectContaining({
        action: 'lambda:InvokeFunction',
        principal: '*',
        invokedViaFunctionUrl: true,
      }),
    ]);
    expect(await promiseOf(farm.result.portalUrl)).toMatch(/^https:\/\/\w+\.lambda-url\.[\w-]+\.on\.aws\/$/);
  });

  it('gives the portal settings that it takes, and no secret among them', () => {
    const { SECRET_PARAMETERS, SECRET_VERSIONS, ...plain } = variablesOf(farm) as Record<string, string>;
    const settings = readPortalSettings({
      ...plain,
      PORTAL_PASSWORD_HASH: hash,
      PORTAL_SIGNING_KEY: 'k'.repeat(43),
    });
    expect(settings.ALLOW_HTTP_SOURCES).toBe('false');
    expect(readAddress(settings.FARM, 'FARM')).toMatchObject({
      queueUrl: expect.stringContaining('/farm-jobs-'),
      deadLetterQueueUrl: expect.stringContaining('/farm-jobs-dead-'),
      partsQueueUrl: expect.stringContaining('/farm-parts-'),
      topicArn: expect.stringContaining(':farm-jobs-'),
      sourceBucket: expect.stringContaining('-source-'),
      outputBucket: expect.stringContaining('-output-'),
      uploadsStartJobs: true,
      serviceName: expect.any(String),
    });
    expect(JSON.parse(SECRET_PARAMETERS ?? '')).toEqual({
      PORTAL_PASSWORD_HASH: '/transcode-farm/test/farm/PORTAL_PASSWORD_HASH',
      PORTAL_SIGNING_KEY: '/transcode-farm/test/farm/PORTAL_SIGNING_KEY',
    });
    expect(SECRET_VERSIONS).toBe('1.1');
    expect(JSON.stringify(plain).length).toBeLessThan(3500); // Lambda takes 4 KB
  });

  it('may do what its page does, and nothing else', () => {
    const source = expect.stringMatching(/^arn:aws:s3:::.*-source-/);
    const output = expect.stringMatching(/^arn:aws:s3:::.*-output-/);
    const queue = (name: string) =>
      expect.stringMatching(new RegExp(`^arn:aws:sqs:.*:farm-${name}-0a1b2c3$`));
    const dead = [queue('jobs-dead'), queue('parts-dead')];
    expect(rightsOf(farm)).toEqual({
      SourceObjects: {
        actions: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        resources: [source],
      },
      SourceBucket: {
        actions: ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketNotification'],
        resources: [source],
      },
      OutputObjects: { actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], resources: [output] },
      OutputBucket: { actions: ['s3:ListBucket'], resources: [output] },
      SendJobs: { actions: ['sns:Publish'], resources: [expect.stringMatching(/:farm-jobs-0a1b2c3$/)] },
      SeeQueues: { actions: ['sqs:GetQueueAttributes'], resources: [queue('jobs'), queue('parts'), ...dead] },
      TakeDeadLetters: {
        actions: ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'],
        resources: dead,
      },
      RedriveJobs: { actions: ['sqs:SendMessage'], resources: [queue('jobs')] },
      SeeWorkers: { actions: ['ecs:DescribeServices'], resources: [expect.stringContaining(':service/')] },
      SeeTaskDefinition: { actions: ['ecs:DescribeTaskDefinition'], resources: ['*'] },
      ReadSecrets: {
        actions: ['ssm:GetParameters'],
        resources: ['PASSWORD_HASH', 'SIGNING_KEY'].map((name) =>
          expect.stringMatching(new RegExp(`/PORTAL_${name}$`)),
        ),
      },
      WriteLog: {
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [expect.stringMatching(/:log-group:farm-portal.*:\*$/)],
      },
    });
  });

  it('keeps its log as long as the other logs', async () => {
    const kept = await recordFarm(stackWith({ logRetentionDays: '90' }));
    expect(kept.resource('aws:cloudwatch/logGroup:LogGroup', 'farm-portal').inputs.retentionInDays).toBe(90);
  });

  it('may take web addresses where the farm does', async () => {
    const open = await recordFarm(stackWith({ allowHttpSources: 'true' }));
    expect(variablesOf(open).ALLOW_HTTP_SOURCES).toBe('true');
  });
});

it('makes nothing of it, and has an empty address, where no portal is asked for', async () => {
  const farm = await recordFarm(bareStack());
  expect(farm.resources.filter(({ name }) => name.includes('portal'))).toEqual([]);
  expect(await promiseOf(farm.result.portalUrl)).toBe('');
});

it('opens R2 with the keys that workers have, from the same parameters', async () => {
  const farm = await recordFarm(bareStack({ ...allCredentials, storage: 'r2' }));
  const names = JSON.parse(String(variablesOf(farm).SECRET_PARAMETERS)) as Inputs;
  expect(names).toMatchObject({
    FARM_SOURCE_ACCESS_KEY_ID: '/transcode-farm/test/farm/SOURCE_ACCESS_KEY_ID',
    FARM_OUTPUT_SECRET_ACCESS_KEY: '/transcode-farm/test/farm/OUTPUT_SECRET_ACCESS_KEY',
  });
  const rights = rightsOf(farm);
  expect(rights.ReadSecrets?.resources).toHaveLength(6);
  expect(Object.keys(rights).filter((sid) => /Objects|Bucket/.test(sid))).toEqual([]);
});

it('shows webhook events, and has the reporter post them again, where the farm has webhooks', async () => {
  const { webhookSecret = '' } = madeUpSecrets;
  const farm = await recordFarm(stackWith({ webhookUrl: 'https://www.example.com/hook', webhookSecret }));
  expect(rightsOf(farm)).toMatchObject({
    SeeDeliveries: { actions: ['s3:GetObject'], resources: [expect.stringMatching(/reports.*\/\*$/)] },
    FindDeliveries: { actions: ['s3:ListBucket'], resources: [expect.stringMatching(/reports/)] },
    TakeGivenUp: { resources: [expect.stringMatching(/:farm-reports-dead-/)] },
    AskReporter: {
      actions: ['lambda:InvokeFunction'],
      resources: [expect.stringMatching(/:function:farm-reporter/)],
    },
  });
});

it('sees the instances of a GPU farm', async () => {
  const farm = await recordFarm(stackWith({ compute: 'gpu' }));
  expect(rightsOf(farm).SeeGroup?.actions).toEqual(['autoscaling:DescribeAutoScalingGroups']);
});

it('is refused in a region where Lambda has no function URLs, with what to do', () => {
  expect(() => checkRegion('eu-central-1')).not.toThrow();
  expect(() => checkRegion('eu-central-2')).toThrow(
    /no function URLs in eu-central-2.*pulumi config set portal service.*pulumi config set portal none/,
  );
});

it('signs with a key that follows from the password, unless it is given one', async () => {
  const keyOf = async (changes: Record<string, string>) =>
    (await recordFarm(stackWith(changes))).resource('aws:ssm/parameter:Parameter', 'farm-portal-signing-key')
      .inputs.value;
  const derived = await keyOf({});
  expect(derived).toMatch(/^[\w-]{43}$/);
  expect(await keyOf({ portalPasswordHash: hash.replace(/A+$/, 'B'.repeat(43)) })).not.toBe(derived);
  const portalSigningKey = 'sesame-signing-key-sesame-signing-key';
  expect(await keyOf({ portalSigningKey })).toBe(portalSigningKey);
});

it('alerts its owner of errors', async () => {
  const farm = await recordFarm(stackWith());
  expect(farm.resource('aws:cloudwatch/metricAlarm:MetricAlarm', 'farm-portal-errors').inputs).toMatchObject({
    metricName: 'Url5xxCount',
    dimensions: { FunctionName: expect.stringMatching(/^farm-portal-/) },
    threshold: 5,
  });
});
