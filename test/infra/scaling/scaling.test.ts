import { beforeAll, describe, expect, it } from 'vitest';
import type { ScalingArgs } from '../../../infra/scaling/args.ts';
import { bundleWaker } from '../../../infra/scaling/bundle.ts';
import { Scaling } from '../../../infra/scaling/scaling.ts';
import type { Farm } from '../../../infra/scaling/waker/farm.ts';
import { buildCompute } from '../../helpers/program/compute.ts';
import { parsePolicy, statementsOf } from '../../helpers/program/policies.ts';
import { record } from '../../helpers/program/pulumi.ts';

const queue = {
  name: 'jobs',
  url: 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
  arn: 'arn:aws:sqs:us-east-1:123456789012:jobs',
};
const topicArn = 'arn:aws:sns:us-east-1:123456789012:jobs';

const build = (kind: 'gpu' | 'fargate', args: Partial<ScalingArgs> = {}) =>
  record(() => {
    const { cluster, capacity, worker } = buildCompute(kind);
    return new Scaling('scaling', {
      ...{ clusterName: cluster.clusterName, clusterArn: cluster.clusterArn },
      ...{ serviceName: worker.serviceName, serviceArn: worker.serviceArn },
      kind,
      ...{ capacity, queues: [queue], topicArn, minTasks: 0, maxTasks: 3 },
      ...args,
    });
  });
type Made = Awaited<ReturnType<typeof build>>;

let gpu: Made;
let fargate: Made;

beforeAll(async () => {
  gpu = await build('gpu');
  fargate = await build('fargate', {
    minTasks: 1,
    backlogPerTask: 5,
    scaleOutCooldownSeconds: 30,
    idleMinutes: 10,
  });
});

const wakerOf = (made: Made) => made.resource('aws:lambda/function:Function');

function farmOf(made: Made): Farm {
  const { variables } = wakerOf(made).inputs.environment as { variables: { FARM: string } };
  return JSON.parse(variables.FARM);
}

function rightsOf(made: Made): string[] {
  return statementsOf(made)
    .filter(({ at }) => at === 'aws:iam/rolePolicy:RolePolicy scaling-waker')
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((to) => `${action} ${to}`)),
    );
}

describe('target tracking', () => {
  it('moves the service between its bounds, and registers no minimum that would wake it', () => {
    expect(gpu.resource('aws:appautoscaling/target:Target').inputs).toMatchObject({
      resourceId: 'service/farm-gpu-0a1b2c3/farm-worker-gpu-0a1b2c3',
      minCapacity: 0,
      maxCapacity: 3,
    });
  });

  it('has the target and the cooldowns that were asked for', () => {
    const configuration = (made: Made) =>
      made.resource('aws:appautoscaling/policy:Policy').inputs.targetTrackingScalingPolicyConfiguration;
    expect(configuration(gpu)).toMatchObject({ targetValue: 1, scaleOutCooldown: 60, scaleInCooldown: 300 });
    expect(configuration(fargate)).toMatchObject({
      targetValue: 5,
      scaleOutCooldown: 30,
      scaleInCooldown: 300,
    });
  });

  it('refuses bounds that cross', async () => {
    await expect(build('fargate', { minTasks: 4 })).rejects.toThrow(
      'Scaling "scaling": "minTasks" is 4, more than "maxTasks", 3. Lower the one or raise the other.',
    );
  });
});

describe('the waker function', () => {
  it('knows the farm and its rules', () => {
    expect(farmOf(gpu)).toMatchObject({
      cluster: 'farm-gpu-0a1b2c3',
      service: 'farm-worker-gpu-0a1b2c3',
      queueUrls: [queue.url],
      group: 'farm-gpu-0a1b2c3',
      memoryParameter: 'scaling-waker-0a1b2c3',
      rules: { minTasks: 0, maxTasks: 3, backlogPerTask: 1, tasksPerInstance: 1, idleMs: 300_000 },
    });
    expect(farmOf(fargate).group).toBeUndefined();
    expect(farmOf(fargate).rules).toMatchObject({ minTasks: 1, backlogPerTask: 5, idleMs: 600_000 });
  });

  it('is called by the topic and every minute, and by nobody else', () => {
    expect(gpu.resource('aws:cloudwatch/eventRule:EventRule').inputs.scheduleExpression).toBe(
      'rate(1 minute)',
    );
    expect(gpu.resource('aws:sns/topicSubscription:TopicSubscription').inputs).toMatchObject({
      topic: topicArn,
      protocol: 'lambda',
    });
    const callers = gpu
      .resourcesOf('aws:lambda/permission:Permission')
      .map(({ inputs }) => [inputs.principal, inputs.sourceArn]);
    expect(Object.fromEntries(callers)).toEqual({
      'events.amazonaws.com': expect.stringContaining(':rule/'),
      'sns.amazonaws.com': topicArn,
    });
    expect(callers).toHaveLength(2);
  });

  it('keeps calls that failed, and repeats none', () => {
    expect(wakerOf(gpu).inputs).toMatchObject({
      deadLetterConfig: { targetArn: 'arn:aws:sqs:us-east-1:123456789012:scaling-waker-missed-0a1b2c3' },
    });
    expect(
      gpu.resource('aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig').inputs,
    ).toMatchObject({ maximumRetryAttempts: 0 });
  });

  it('logs to a group with a retention', () => {
    const group = gpu.resource('aws:cloudwatch/logGroup:LogGroup', 'scaling-waker');
    expect(group.inputs.retentionInDays).toBe(30);
    expect(wakerOf(gpu).inputs.loggingConfig).toMatchObject({ logGroup: 'scaling-waker-0a1b2c3' });
  });

  it('keeps its memory over updates', () => {
    expect(gpu.resource('aws:ssm/parameter:Parameter').ignoreChanges).toEqual(['value']);
  });

  it('takes missed calls over TLS alone, encrypted', () => {
    expect(gpu.resource('aws:sqs/queue:Queue').inputs.sqsManagedSseEnabled).toBe(true);
    const [denied] = parsePolicy(String(gpu.resource('aws:sqs/queuePolicy:QueuePolicy').inputs.policy));
    expect(denied).toMatchObject({
      effect: 'Deny',
      condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  it('is removed before the service, which it could wake again', () => {
    const service = gpu.resource('aws:ecs/service:Service');
    expect(gpu.dependsOn(wakerOf(gpu), service)).toBe(true);
  });
});

describe("the waker's rights", () => {
  it('are no wildcard action, and every resource only where AWS knows no narrower one', () => {
    expect(rightsOf(gpu).filter((right) => /^\S*\*/.test(right))).toEqual([]);
    expect(rightsOf(gpu).filter((right) => right.endsWith(' *'))).toEqual([
      'ecs:ListTasks *',
      'autoscaling:DescribeAutoScalingGroups *',
    ]);
  });

  it('hold ListTasks to the cluster', () => {
    const list = statementsOf(gpu).find(({ sid }) => sid === 'ListTasks');
    expect(list?.condition).toEqual({
      ArnEquals: { 'ecs:cluster': 'arn:aws:ecs:us-east-1:123456789012:cluster/farm-gpu-0a1b2c3' },
    });
  });

  it('reach one service, one group and the queues of the farm', () => {
    expect(rightsOf(gpu)).toContain(
      'ecs:UpdateService arn:aws:ecs:us-east-1:123456789012:service/farm-gpu-0a1b2c3/farm-worker-gpu-0a1b2c3',
    );
    expect(rightsOf(gpu)).toContain(`sqs:GetQueueAttributes ${queue.arn}`);
    expect(rightsOf(gpu)).toContainEqual(
      expect.stringMatching(
        /^autoscaling:TerminateInstanceInAutoScalingGroup .*autoScalingGroupName\/farm-gpu-/,
      ),
    );
    expect(rightsOf(gpu)).toContainEqual(
      expect.stringMatching(/^autoscaling:SetDesiredCapacity .*autoScalingGroupName\/farm-gpu-/),
    );
  });

  it('end no instance on Fargate', () => {
    expect(rightsOf(fargate).filter((right) => /autoscaling|ContainerInstance/.test(right))).toEqual([]);
  });

  it('cover each call that it makes', () => {
    const sources = Object.values(bundleWaker()).join('\n');
    const called = [...new Set([...sources.matchAll(/new (\w+)Command\(/g)].map(([, name]) => name))];
    const allowed = rightsOf(gpu).map((right) => right.split(/[: ]/)[1]);
    expect(called.length).toBeGreaterThan(10);
    expect(called.filter((name) => !allowed.includes(String(name)))).toEqual([]);
  });
});
