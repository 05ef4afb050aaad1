import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { functionVisibilitySeconds, logGroupOf } from '../../../infra/compute/worker-function.ts';
import { compareRuns } from '../../../tools/life-cycle/compare.ts';
import { environmentOf } from '../../../tools/program-run/farm.ts';
import { loadStack } from '../../../tools/program-run/stacks.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { type FarmRecording, readFarmSettings, recordFarm } from '../../helpers/program/farm.ts';
import { statementsOf } from '../../helpers/program/policies.ts';
import { promiseOf, record } from '../../helpers/program/pulumi.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

const inputsOf = (farm: FarmRecording, kind: string, name?: string) =>
  farm.resource(`aws:lambda/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`, name).inputs;

let farm: FarmRecording;
beforeAll(async () => {
  farm = await recordFarm(loadStack('Pulumi.function.yaml'));
});

describe('a farm of functions', () => {
  it('has no network, no cluster, no service, and nothing that wakes or scales one', () => {
    const types = new Set(farm.resources.map(({ type }) => type));
    expect(
      [...types].filter((type) => /^aws:(ecs|ec2|vpc|autoscaling|appautoscaling)|^awsx:ec2/.test(type)),
    ).toEqual([]);
    expect(farm.resourcesOf('aws:lambda/function:Function').map(({ name }) => name)).toEqual(['farm-worker']);
  });

  it("runs the worker's image by its second entry point, in the only folder that can be written", () => {
    expect(inputsOf(farm, 'Function')).toMatchObject({
      packageType: 'Image',
      imageUri: expect.stringMatching(/@sha256:[0-9a-f]{64}$/),
      imageConfig: {
        entryPoints: ['node'],
        commands: ['--max-semi-space-size=1', 'worker/src/function.js'],
        workingDirectory: '/app',
      },
      architectures: ['x86_64'],
      memorySize: 10_240,
      timeout: 900,
      ephemeralStorage: { size: 10_240 },
      environment: { variables: { WORK_DIR: '/tmp/work', TMPDIR: '/tmp', HOME: '/tmp', ENCODER: 'x264' } },
    });
  });

  it('gives the worker settings that it takes, and none that Lambda reserves', () => {
    const { variables } = inputsOf(farm, 'Function').environment as { variables: Record<string, string> };
    expect(Object.keys(variables).filter((name) => /^(AWS_|LAMBDA_)/.test(name))).toEqual([]);
    expect(readSettings(environmentOf(farm))).toMatchObject({
      sharing: { workersPerFilm: 150 },
      queue: { visibilityTimeoutSeconds: 40 },
      function: { endpoint: undefined },
      heartbeatFile: undefined,
    });
  });

  it('calls it with one message at a time, from queues that hide it for longer than a call lasts', () => {
    for (const source of ['jobs', 'parts']) {
      expect(inputsOf(farm, 'EventSourceMapping', `farm-worker-${source}`)).toMatchObject({
        batchSize: 1,
        functionResponseTypes: ['ReportBatchItemFailures'],
        scalingConfig: { maximumConcurrency: 160 },
      });
      const { visibilityTimeoutSeconds } = farm.resource('aws:sqs/queue:Queue', `farm-${source}`).inputs;
      expect(visibilityTimeoutSeconds).toBe(functionVisibilitySeconds);
      expect(Number(visibilityTimeoutSeconds)).toBeGreaterThan(Number(inputsOf(farm, 'Function').timeout));
    }
  });

  it('repeats no event for a part, and is not stopped as a loop when a film goes from call to call', () => {
    expect(inputsOf(farm, 'FunctionEventInvokeConfig')).toMatchObject({
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: 300,
    });
    expect(inputsOf(farm, 'FunctionRecursionConfig')).toMatchObject({ recursiveLoop: 'Allow' });
  });

  it('has no more calls than it may, unless the owner reserves none', async () => {
    expect(inputsOf(farm, 'Function').reservedConcurrentExecutions).toBe(160);
    const free = await recordFarm(loadStack('Pulumi.function.yaml', { reserveConcurrency: 'false' }));
    expect(inputsOf(free, 'Function').reservedConcurrentExecutions).toBeUndefined();
  });

  it('may call itself and no other function', () => {
    const calls = statementsOf(farm).filter(({ actions }) => actions.includes('lambda:InvokeFunction'));
    expect(calls.map(({ resources }) => resources)).toEqual([
      [expect.stringMatching(/^arn:aws:lambda:us-east-1:123456789012:function:farm-worker-\w+$/)],
    ]);
  });

  it('reads secrets from parameters, which its settings only name', async () => {
    const wasabi = await recordFarm(
      bareStack({ ...allCredentials, compute: 'function', storage: 'wasabi', maxTasks: '5' }),
    );
    const { variables } = inputsOf(wasabi, 'Function', 'farm-worker').environment as {
      variables: Record<string, string>;
    };
    expect(JSON.stringify(variables)).not.toContain('sesame-wasabi-secret');
    expect(readSettings(environmentOf(wasabi)).output.credentials?.secretAccessKey).toBe(
      allCredentials.wasabiSecretAccessKey,
    );
    const reads = statementsOf(wasabi).filter(({ actions }) => actions.includes('ssm:GetParameters'));
    expect(reads.flatMap(({ resources }) => resources).length).toBeGreaterThanOrEqual(4);
  });

  it('lets Lambda pull the image, and waits for that', () => {
    const policy = String(farm.resource('aws:ecr/repositoryPolicy:RepositoryPolicy').inputs.policy);
    expect(JSON.parse(policy).Statement[0]).toMatchObject({
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:lambda:us-east-1:123456789012:function:*' } },
    });
    const { dependsOn } = farm.resource('aws:lambda/function:Function', 'farm-worker');
    expect(dependsOn.some((urn) => urn.includes('repositoryPolicy'))).toBe(true);
  });

  it('names the function in its outputs, and no service', async () => {
    expect(await promiseOf(farm.result.functionName)).toMatch(/^farm-worker-/);
    expect(await promiseOf(farm.result.serviceName)).toBe('');
    expect(await promiseOf(farm.result.logGroupName)).toMatch(/^farm-worker-/);
  });

  it('has its throttles, errors, dropped events and its limit watched', () => {
    const alarms = farm.resourcesOf('aws:cloudwatch/metricAlarm:MetricAlarm').map(({ name }) => name);
    expect(alarms.filter((name) => name.includes('function'))).toEqual([
      'farm-function-errors',
      'farm-function-throttles',
      'farm-function-at-limit',
      'farm-function-events',
    ]);
    expect(alarms).not.toContain('farm-no-worker');
    expect(alarms).not.toContain('farm-waker-errors');
  });

  it('shows its portal the function, and no service', async () => {
    const portalPasswordHash =
      'scrypt$32768$8$3$c2VzYW1lLXBvcnRhbC0tLQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    const shown = await recordFarm(
      loadStack('Pulumi.function.yaml', { portal: 'function', portalPasswordHash }),
    );
    const actions = statementsOf(shown)
      .filter(({ at }) => at.includes('portal'))
      .flatMap((statement) => statement.actions);
    expect(actions).toContain('lambda:GetFunctionConfiguration');
    expect(actions.filter((action) => action.startsWith('ecs:'))).toEqual([]);
  });
});

describe('the architecture', () => {
  it.each([
    ['x86_64', 'linux/amd64', 'X86_64'],
    ['arm64', 'linux/arm64', 'ARM64'],
  ])('%s is of image, function and Fargate alike', async (architecture, platform, cpuArchitecture) => {
    const functions = await recordFarm(bareStack({ compute: 'function', architecture }));
    expect(functions.resource('awsx:ecr:Image').inputs.platform).toBe(platform);
    expect(inputsOf(functions, 'Function', 'farm-worker').architectures).toEqual([architecture]);
    const fargate = await recordFarm(bareStack({ compute: 'fargate', architecture }));
    expect(fargate.resource('awsx:ecr:Image').inputs.platform).toBe(platform);
    expect(fargate.resource('aws:ecs/taskDefinition:TaskDefinition').inputs.runtimePlatform).toMatchObject({
      cpuArchitecture,
    });
  });

  it('of GPU instances is x86_64, whatever is set', async () => {
    const gpu = await recordFarm(bareStack({ compute: 'gpu', architecture: 'arm64' }));
    expect(gpu.resource('awsx:ecr:Image').inputs.platform).toBe('linux/amd64');
    const { notes } = await readFarmSettings({ compute: 'gpu', architecture: 'arm64' });
    expect(notes.join()).toContain('architecture is set but not used');
  });
});

describe('settings of a farm of functions', () => {
  it('say what is not used', async () => {
    const { notes, scaling, compute } = await readFarmSettings({
      ...{ compute: 'function', minTasks: '1', taskCpu: '4096', onDemandBase: '1', taskMemoryMib: '3008' },
    });
    for (const key of ['minTasks', 'taskCpu', 'onDemandBase'])
      expect(notes.join('\n')).toContain(`${key} is set but not used`);
    expect(scaling.minTasks).toBe(0);
    expect(compute).toMatchObject({ kind: 'function', task: { memoryMib: 3008 } });
  });

  it.each([
    [{ taskMemoryMib: '512' }, /taskMemoryMib.*1769 to 10240/s],
    [{ maxTasks: '1001' }, /maxTasks/],
    [{ workerImage: `ghcr.io/you/worker@sha256:${'0'.repeat(64)}` }, /no other registry/],
  ])('refuse %j', async (changes, message) => {
    await expect(readFarmSettings({ compute: 'function', ...changes })).rejects.toThrow(message);
  });
});

describe('a switch of the compute', () => {
  it.each([
    ['fargate', 'function'],
    ['gpu', 'function'],
    ['function', 'fargate'],
    ['function', 'gpu'],
  ])('from %s to %s keeps queues, buckets, and what the portal and others know of them', async (from, to) => {
    const [old, now] = await Promise.all([from, to].map((compute) => recordFarm(bareStack({ compute }))));
    const changes = compareRuns(old as FarmRecording, now as FarmRecording);
    const lost = changes.filter(
      ({ type, name, kind }) =>
        // The waker's own goes with it.
        name !== 'farm-waker-missed' &&
        /sqs\/queue:|sns\/topic:|s3\/bucket:|r2Bucket/.test(type) &&
        (kind === 'removed' || kind === 'replaced'),
    );
    expect(lost).toEqual([]);
  });

  it('keeps the log of the workers: each kind knows it under the name of the other', async () => {
    const { result } = await record(() => {
      const parent = new pulumi.ComponentResource('transcode-farm:index:TranscodeFarm', 'farm');
      return [
        logGroupOf('transcode-farm:compute:WorkerService', 'farm-worker', { parent }),
        logGroupOf('transcode-farm:compute:WorkerFunction', 'farm-worker', { parent }),
      ].map((alias) => pulumi.output(alias.parent as pulumi.Output<string>));
    });
    const urns = await Promise.all(result.map((urn) => promiseOf(urn)));
    const of = async (compute: string, kind: string) =>
      (await recordFarm(bareStack({ compute }))).resources.find(({ type }) => type.endsWith(`:${kind}`))?.urn;
    const pathOf = (urn: string | undefined) => urn?.split('::').slice(2).join('::');
    expect(urns.map(pathOf)).toEqual([
      pathOf(await of('fargate', 'WorkerService')),
      pathOf(await of('function', 'WorkerFunction')),
    ]);
  });
});
