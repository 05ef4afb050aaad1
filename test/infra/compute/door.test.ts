import { beforeAll, describe, expect, it } from 'vitest';
import { environmentOf, functionEnvironmentOf } from '../../../tools/program-run/farm.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { type FarmRecording, readFarmSettings, recordFarm } from '../../helpers/program/farm.ts';
import { statementsOf } from '../../helpers/program/policies.ts';
import { promiseOf } from '../../helpers/program/pulumi.ts';
import { bareStack } from '../../helpers/program/stacks.ts';

const settings = {
  functions: 'door',
  burstFunctions: '20',
  maxTasks: '4',
  workersPerFilm: '4',
  lanes: '["urgent"]',
};
let farm: FarmRecording;
let gpu: FarmRecording;
beforeAll(async () => {
  farm = await recordFarm(bareStack(settings));
  gpu = await recordFarm(bareStack({ ...settings, compute: 'gpu', lanes: '[]' }));
});

const inputs = (of: FarmRecording, type: string, name?: string) => of.resource(type, name).inputs;
const doorSettings = (of: FarmRecording) =>
  readSettings({
    ...functionEnvironmentOf(of, 'farm-door'),
    AWS_LAMBDA_FUNCTION_NAME: 'door',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '10240',
  });

describe('a function before the jobs queue', () => {
  it('gets what is published, one message at a time, from a queue of its own for each lane', () => {
    for (const [lane, topic] of [
      ['', ''],
      ['-urgent', '-urgent'],
    ]) {
      const queue = farm.resource('aws:sqs/queue:Queue', `farm-jobs-door${lane}`);
      const { endpoint } = inputs(farm, 'aws:sns/topicSubscription:TopicSubscription', `farm-jobs${topic}`);
      expect(endpoint).toContain(`:farm-jobs-door${lane}-`);
      expect(Number(queue.inputs.visibilityTimeoutSeconds)).toBeGreaterThan(900);
      const key = lane === '' ? 'jobs' : `jobs${lane}`;
      expect(
        inputs(farm, 'aws:lambda/eventSourceMapping:EventSourceMapping', `farm-door-${key}`),
      ).toMatchObject({
        batchSize: 1,
        eventSourceArn: endpoint,
        scalingConfig: { maximumConcurrency: 50 },
      });
    }
  });

  it('loses no job that it does not end: SQS gives it to the workers after three tries', () => {
    const { redrivePolicy } = inputs(farm, 'aws:sqs/redrivePolicy:RedrivePolicy', 'farm-jobs-door');
    expect(JSON.parse(String(redrivePolicy))).toEqual({
      deadLetterTargetArn: expect.stringMatching(/:farm-jobs-[0-9a-f]+$/),
      maxReceiveCount: 3,
    });
  });

  it('knows its queues, what the workers encode with, the waker, and how many calls it may make for a film', () => {
    expect(doorSettings(farm)).toMatchObject({
      door: { workersEncoder: 'x264', waker: expect.stringMatching(/^farm-waker-/), budgetSeconds: 240 },
      sharing: { workersPerFilm: 4, functionsPerFilm: 20, leaseSeconds: 20 },
    });
    expect(Object.keys(doorSettings(farm).door?.queueUrls ?? {})).toEqual(['normal', 'urgent']);
    expect(doorSettings(gpu).door?.workersEncoder).toBe('nvenc');
  });

  it('shares films with workers whose leases last as long as its own', () => {
    const named = environmentOf(farm);
    expect(named).toMatchObject({ LEASE_SECONDS: '20', FUNCTIONS_PER_FILM: '20' });
    expect(named.DOOR_QUEUE_URL).toBeUndefined();
    // They share none with GPUs, which wait for none.
    expect(environmentOf(gpu)).not.toHaveProperty('LEASE_SECONDS');
    expect(environmentOf(gpu)).not.toHaveProperty('FUNCTIONS_PER_FILM');
    expect(doorSettings(gpu).sharing.functionsPerFilm).toBe(20);
  });

  it('starts the workers itself: the waker hears of no job that it has not looked at', () => {
    const wakers = (of: FarmRecording) =>
      of
        .resourcesOf('aws:sns/topicSubscription:TopicSubscription')
        .filter(({ inputs: { protocol } }) => protocol === 'lambda');
    expect(wakers(farm)).toEqual([]);
    expect(wakers(gpu)).toEqual([]);
  });

  it('may call the waker, and itself where calls make parts; take jobs of its own queues, and only send to those behind', async () => {
    const calls = (of: FarmRecording) =>
      statementsOf(of)
        .filter(({ actions }) => actions.includes('lambda:InvokeFunction'))
        .flatMap(({ resources }) => resources.map((arn) => arn.replace(/.*function:(farm-\w+)-.*/, '$1')));
    expect(calls(farm).sort()).toEqual(['farm-door', 'farm-waker']);
    const alone = await recordFarm(bareStack({ ...settings, burstFunctions: '0' }));
    expect(calls(alone)).toEqual(['farm-waker']);
    const taken = statementsOf(farm).filter(
      ({ at, actions }) => at.includes('farm-door') && actions.includes('sqs:ReceiveMessage'),
    );
    const queues = taken.flatMap(({ resources }) => resources);
    expect(queues.length).toBeGreaterThan(0);
    expect(queues.every((arn) => arn.includes('farm-jobs-door'))).toBe(true);
  });

  it('runs the image of the workers, which Lambda may pull, on their architecture', () => {
    expect(inputs(farm, 'aws:lambda/function:Function', 'farm-door')).toMatchObject({
      packageType: 'Image',
      architectures: ['x86_64'],
      memorySize: 10_240,
      reservedConcurrentExecutions: 70,
    });
    expect(farm.resourcesOf('aws:ecr/repositoryPolicy:RepositoryPolicy').length).toBe(1);
  });

  it('has its failures and what waits for it watched', () => {
    const alarms = farm.resourcesOf('aws:cloudwatch/metricAlarm:MetricAlarm').map(({ name }) => name);
    expect(alarms.filter((name) => name.includes('door')).sort()).toEqual([
      'farm-door-at-limit',
      'farm-door-errors',
      'farm-door-events',
      'farm-door-throttles',
      'farm-oldest-door-job',
      'farm-oldest-urgent-door-job',
    ]);
  });

  it('is named in the outputs, beside the service', async () => {
    expect(await promiseOf(farm.result.doorFunctionName)).toMatch(/^farm-door-/);
    expect(await promiseOf(farm.result.doorQueueUrl)).toContain('farm-jobs-door');
    expect(await promiseOf(farm.result.serviceName)).not.toBe('');
    expect(await promiseOf(farm.result.functionName)).toBe('');
  });

  it('is not there, and nothing of it, where no one asked for it', async () => {
    const bare = await recordFarm(bareStack());
    expect(bare.resources.filter(({ name }) => name.includes('door'))).toEqual([]);
  });
});

describe('the settings of a function before the jobs queue', () => {
  it('say that functions make parts only where one looks at films first', async () => {
    await expect(readFarmSettings({ burstFunctions: '5' })).rejects.toThrow(
      /burstFunctions is 5, and functions "none"[\s\S]*pulumi config set functions door/,
    );
  });

  it('mean nothing where functions make every film', async () => {
    const { door, notes } = await readFarmSettings({ ...settings, compute: 'function' });
    expect(door).toBeUndefined();
    expect(notes.join('\n')).toMatch(/functions[\s\S]*burstFunctions/);
  });

  it('want an image in ECR, as Lambda runs no other', async () => {
    const workerImage = `ghcr.io/you/worker@sha256:${'0'.repeat(64)}`;
    await expect(readFarmSettings({ ...settings, workerImage })).rejects.toThrow(/image of ECR/);
  });
});
