import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentOf, workerFunctionOf, workersOwn } from '../../../tools/program-run/farm.ts';
import { loadStack, stackFiles } from '../../../tools/program-run/stacks.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { type FarmRecording, field, recordFarm } from '../../helpers/program/farm.ts';
import { promiseOf } from '../../helpers/program/pulumi.ts';
import { bareStack } from '../../helpers/program/stacks.ts';

const ecsVariables = { ECS_AGENT_URI: 'http://169.254.170.2/api' };

const farmOf = (file: string) => recordFarm(loadStack(file));

it('finds nine stack files', () => {
  expect(stackFiles).toEqual([
    'Pulumi.burst.yaml',
    'Pulumi.dev.yaml',
    'Pulumi.function.yaml',
    'Pulumi.prod.yaml',
    'stacks/always-on.yaml',
    'stacks/inbox.yaml',
    'stacks/match-footage.yaml',
    'stacks/movie-site.yaml',
    'stacks/upload-portal.yaml',
  ]);
});

it.each(stackFiles)(
  '%s holds no text where the Pulumi CLI decrypts a secret, which would end every command with "bad value"',
  (file) => {
    const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    expect([...text.matchAll(/secure: (.*)/g)].filter(([, value]) => !/^v1:/.test(value ?? ''))).toEqual([]);
  },
);

it.each(stackFiles)(
  '%s holds its values as the Pulumi CLI writes them, so that "pulumi stack init" and "pulumi config set" change no other line',
  (file) => {
    const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    const { config } = parse(text) as { config: Record<string, unknown> };
    // The CLI writes numbers and booleans in quotes, at the first write of the file.
    const bare = Object.entries(config).filter(([, value]) => /^(number|boolean)$/.test(typeof value));
    expect(bare).toEqual([]);
  },
);

describe.each(stackFiles)('%s', (file) => {
  let farm: FarmRecording;
  beforeAll(async () => {
    farm = await farmOf(file);
  });

  it('gives one service of workers or one function, two queues with dead letters, and a dashboard', () => {
    expect(workerFunctionOf(farm) ?? workersOwn(farm, 'aws:ecs/service:Service')).toBeDefined();
    for (const queue of ['jobs', 'jobs-dead', 'parts', 'parts-dead']) {
      farm.resource('aws:sqs/queue:Queue', `farm-${queue}`);
    }
    farm.resource('aws:cloudwatch/dashboard:Dashboard');
  });

  it('gives the worker settings that the worker takes', () => {
    expect(readSettings({ ...environmentOf(farm), ...ecsVariables })).toMatchObject({
      queue: {
        url: expect.stringContaining('/farm-jobs-'),
        deadLetterUrl: expect.stringContaining('/farm-jobs-dead-'),
      },
      sharing: { partsQueueUrl: expect.stringContaining('/farm-parts-') },
    });
  });

  it('has flat outputs, all of them known', async () => {
    const outputs = Object.entries(farm.result);
    const values = await Promise.all(outputs.map(([, value]) => promiseOf<unknown>(value)));
    for (const [index, [name]] of outputs.entries())
      expect(typeof values[index], name).toMatch(/^(string|number|boolean)$/);
  });

  it('shows only outputs that there are on its page in Pulumi Cloud', () => {
    const page = readFileSync(new URL('../../../Pulumi.README.md', import.meta.url), 'utf8');
    const shown = [...page.matchAll(/\$\{outputs\.(\w+)\}/g)].map(([, name]) => String(name));
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.filter((name) => !(name in farm.result))).toEqual([]);
  });

  it('makes no NAT gateway, no database, and no load balancer but that of a portal that asks for one', () => {
    const expensive = farm.resources.filter(({ type }) => /nat|lb[/:]|loadbalancer|rds|eip/i.test(type));
    const hasService = loadStack(file).config.portal === 'service';
    expect(
      expensive
        .filter(({ type }) => !(hasService && /^aws:lb\/|:LoadBalancer$/.test(type)))
        .map(({ type }) => type),
    ).toEqual([]);
    for (const { inputs } of farm.resourcesOf('awsx:ec2:Vpc')) {
      expect(inputs).toMatchObject({ natGateways: { strategy: 'None' } });
    }
  });

  it('makes no resource twice under one name', () => {
    const urns = farm.resources.map(({ urn }) => urn);
    expect(new Set(urns).size).toBe(urns.length);
  });
});

describe('a stack with nothing set but its region', () => {
  it('is a small farm: Fargate from 0 to 3, S3 in and out, uploads start jobs', async () => {
    const farm = await recordFarm(bareStack());
    expect(farm.resourcesOf('aws:autoscaling/group:Group')).toEqual([]);
    expect(farm.resource('aws:appautoscaling/target:Target').inputs).toMatchObject({
      minCapacity: 0,
      maxCapacity: 3,
    });
    expect(farm.resourcesOf('aws:s3/bucket:Bucket').map(({ name }) => name)).toEqual([
      'farm-source',
      'farm-output',
    ]);
    expect(farm.resourcesOf('aws:s3/bucketNotification:BucketNotification')).toHaveLength(1);
    expect(farm.resourcesOf('awsx:ecr:Image')).toHaveLength(1);
    expect(await promiseOf(farm.result.uploadsStartJobs)).toBe(true);
    expect(await promiseOf(farm.result.maxTasks)).toBe(3);
  });
});

describe('the first farm of README', () => {
  /** What components of awsx are made of in the engine; under mocks they stay closed. https://github.com/pulumi/pulumi-awsx/tree/master/awsx */
  const inside: Record<string, number> = {
    // ec2/vpc.ts: the network and its way out; in each of three zones a subnet, its routes, one of them out, and their tie
    'awsx:ec2:Vpc': 2 + 3 * 4,
    // ecr/repository.ts: the repository and what it forgets; ecr/image.ts: the build
    'awsx:ecr:Repository': 2,
    'awsx:ecr:Image': 1,
  };

  it('has about as many resources as it says there', async () => {
    const { resources } = await farmOf('Pulumi.dev.yaml');
    const stack = 1; // is a resource itself
    const made = resources.reduce((sum, { type }) => sum + 1 + (inside[type] ?? 0), stack);
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const reported = Number(/About (\d+) resources/.exec(readme)?.[1]);
    expect(Math.abs(made - reported), `${made} are made, ${reported} reported`).toBeLessThanOrEqual(5);
  });
});

it.each([
  ['Pulumi.burst.yaml', 9],
  ['Pulumi.dev.yaml', 1],
  ['Pulumi.prod.yaml', 2],
  ['stacks/always-on.yaml', 3],
  ['stacks/inbox.yaml', 2],
  ['stacks/match-footage.yaml', 3],
  ['stacks/movie-site.yaml', 3],
  ['stacks/upload-portal.yaml', 25],
])('%s has films made by up to %i workers', async (file, workers) => {
  expect(environmentOf(await farmOf(file)).WORKERS_PER_FILM).toBe(String(workers));
});

/** What a parameter of SSM holds. */
function secretOf(farm: FarmRecording, name: string): unknown {
  return farm.resource('aws:ssm/parameter:Parameter', name).inputs.value;
}

/** The numbers that these farms are known for. */
describe('the five farms', () => {
  const settingsOf = async (name: string) => {
    const farm = await farmOf(`stacks/${name}.yaml`);
    return { farm, worker: readSettings(environmentOf(farm)) };
  };
  const tasks = (farm: FarmRecording) => {
    const { minCapacity, maxCapacity } = workersOwn(farm, 'aws:appautoscaling/target:Target')?.inputs ?? {};
    return [minCapacity, maxCapacity];
  };
  const distribution = (farm: FarmRecording) =>
    farm.resource('aws:autoscaling/group:Group').inputs.mixedInstancesPolicy;
  const cooldowns = (farm: FarmRecording) => {
    const { targetTrackingScalingPolicyConfiguration } = farm.resource(
      'aws:appautoscaling/policy:Policy',
    ).inputs;
    return targetTrackingScalingPolicyConfiguration;
  };

  it('movie-site: R2 in and out, Spot alone, an hour of visibility, 14 days, Postgres, cost alarm', async () => {
    const { farm, worker } = await settingsOf('movie-site');
    expect(farm.resourcesOf('cloudflare:index/r2Bucket:R2Bucket')).toHaveLength(2);
    expect(farm.resourcesOf('aws:s3/bucket:Bucket')).toEqual([]);
    expect(distribution(farm)).toMatchObject({
      instancesDistribution: { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 0 },
    });
    expect(farm.resource('aws:sqs/queue:Queue', 'farm-jobs').inputs).toMatchObject({
      visibilityTimeoutSeconds: 3600,
      messageRetentionSeconds: 14 * 86_400,
    });
    expect(worker.queue.visibilityTimeoutSeconds).toBe(3600);
    expect(worker.report.reportsProgress).toBe(true);
    expect(secretOf(farm, 'farm-database-url')).toMatch(/^postgres:/);
    expect(farm.resourcesOf('aws:budgets/budget:Budget')).toHaveLength(1);
  });

  it('match-footage: Wasabi in and out, g4dn.xlarge, 1 On-Demand and 2 Spot, one job for each task', async () => {
    const { farm, worker } = await settingsOf('match-footage');
    expect(worker.source.endpoint).toBe('https://s3.us-east-1.wasabisys.com');
    expect(worker.output.endpoint).toBe('https://s3.us-east-1.wasabisys.com');
    expect(distribution(farm)).toMatchObject({
      instancesDistribution: { onDemandBaseCapacity: 1, onDemandPercentageAboveBaseCapacity: 0 },
      launchTemplate: { overrides: [{ instanceType: 'g4dn.xlarge' }] },
    });
    expect(tasks(farm)).toEqual([0, 3]);
    expect(cooldowns(farm)).toMatchObject({ targetValue: 1, scaleOutCooldown: 60, scaleInCooldown: 300 });
    expect(farm.resource('aws:sqs/queue:Queue', 'farm-jobs').inputs.messageRetentionSeconds).toBe(4 * 86_400);
    expect(worker.encoding.thumbnailAt).toBe('10%');
    expect(worker.report.reportsProgress).toBe(true);
    expect(secretOf(farm, 'farm-database-url')).toMatch(/^postgres:/);
  });

  it('upload-portal: functions; a portal of 1 to 10 tasks at 70 % of their CPU, under a domain', async () => {
    const { farm } = await settingsOf('upload-portal');
    const { minCapacity, maxCapacity } = farm.resource(
      'aws:appautoscaling/target:Target',
      'farm-portal',
    ).inputs;
    expect([minCapacity, maxCapacity]).toEqual([1, 10]);
    expect(farm.resource('aws:lambda/function:Function', 'farm-worker').inputs.packageType).toBe('Image');
    expect(farm.resourcesOf('aws:autoscaling/group:Group')).toEqual([]);
  });

  it('inbox: S3 in, S3 out, the source removed after success', async () => {
    const { farm, worker } = await settingsOf('inbox');
    expect(worker.keepSource).toBe(false);
    expect(farm.resourcesOf('aws:s3/bucketNotification:BucketNotification')).toHaveLength(1);
  });

  it('always-on: one task always, 10 at most, 5 jobs for each, 30 and 60 seconds, a signed webhook', async () => {
    const { farm, worker } = await settingsOf('always-on');
    expect(tasks(farm)).toEqual([1, 10]);
    expect(cooldowns(farm)).toMatchObject({ targetValue: 5, scaleOutCooldown: 30, scaleInCooldown: 60 });
    expect(worker.report.queueUrl).toContain('/farm-reports-');
    expect(secretOf(farm, 'farm-webhook-secret')).toMatch(/^whsec_/);
    const reporter = farm.resource('aws:lambda/function:Function', 'farm-reporter').inputs;
    expect(field(field(reporter, 'environment'), 'variables')).toMatchObject({
      WEBHOOK_URL: 'https://www.example.com/hooks/films',
    });
  });

  it('prod: GPU, 1 On-Demand and Spot above it, 0 to 3', async () => {
    const farm = await farmOf('Pulumi.prod.yaml');
    expect(tasks(farm)).toEqual([0, 3]);
    expect(distribution(farm)).toMatchObject({
      instancesDistribution: { onDemandBaseCapacity: 1, onDemandPercentageAboveBaseCapacity: 0 },
    });
  });
});
