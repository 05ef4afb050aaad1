import { beforeAll, describe, expect, it } from 'vitest';
import { Monitoring, type MonitoringArgs } from '../../../infra/monitoring/monitoring.ts';
import { buildCompute } from '../../helpers/program/compute.ts';
import { parsePolicy } from '../../helpers/program/policies.ts';
import { promiseOf, record } from '../../helpers/program/pulumi.ts';

const build = (kind: 'gpu' | 'fargate', args: Partial<MonitoringArgs> = {}) =>
  record(() => {
    const { cluster, capacity, worker } = buildCompute(kind);
    return new Monitoring('watch', {
      workers: {
        kind: 'service',
        clusterName: cluster.clusterName,
        serviceName: worker.serviceName,
        wakerName: 'waker',
        groupName: capacity.group?.name,
      },
      jobs: { queue: 'jobs', deadLetters: 'jobs-dead' },
      parts: { queue: 'parts', deadLetters: 'parts-dead' },
      metricsNamespace: 'transcode-farm/test',
      ...args,
    });
  });
type Made = Awaited<ReturnType<typeof build>>;

let gpu: Made;
let fargate: Made;

beforeAll(async () => {
  gpu = await build('gpu', { alertEmail: 'ada@example.com', budget: { monthlyUsd: 50 } });
  fargate = await build('fargate');
});

const alarmsOf = (made: Made) => made.resourcesOf('aws:cloudwatch/metricAlarm:MetricAlarm');

describe('alarms', () => {
  it('are few: one metric more than the ten that are free', () => {
    const watched = alarmsOf(gpu).flatMap(({ inputs }) => {
      const queries = inputs.metricQueries as { metric?: unknown }[] | undefined;
      return queries ? queries.filter(({ metric }) => metric) : [inputs.metricName];
    });
    expect(watched).toHaveLength(11);
    expect(
      alarmsOf(gpu)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      'watch-dead-letters',
      'watch-failed-jobs',
      'watch-idle-instance',
      'watch-no-worker',
      'watch-oldest-job',
      'watch-parts-dead-letters',
      'watch-sick-workers',
      'watch-waker-errors',
    ]);
  });

  it('know no instances on Fargate', () => {
    expect(alarmsOf(fargate).map(({ name }) => name)).not.toContain('watch-idle-instance');
  });

  it('all ring at the topic, and never for want of data', async () => {
    const topic = await promiseOf(gpu.result.alertTopicArn);
    for (const { inputs } of alarmsOf(gpu)) {
      expect(inputs).toMatchObject({ alarmActions: [topic], treatMissingData: 'notBreaching' });
      expect(String(inputs.alarmDescription).length).toBeGreaterThan(40);
    }
  });

  it('show in a preview', async () => {
    const made = await record(
      () =>
        new Monitoring('watch', {
          workers: { kind: 'service', clusterName: 'c', serviceName: 's', wakerName: 'w', groupName: 'g' },
          ...{ jobs: { queue: 'q', deadLetters: 'd' }, parts: { queue: 'p', deadLetters: 'e' } },
          metricsNamespace: 'n',
        }),
      { preview: true },
    );
    expect(alarmsOf(made)).toHaveLength(8);
  });
});

describe('the alert topic', () => {
  it('takes alarms of this account alone, over TLS', () => {
    const policy = gpu.resource('aws:sns/topicPolicy:TopicPolicy').inputs.policy;
    expect(parsePolicy(String(policy))).toMatchObject([
      {
        effect: 'Allow',
        principal: { Service: 'cloudwatch.amazonaws.com' },
        condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
      },
      { effect: 'Deny', condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  it('writes to the address, if there is one', () => {
    const type = 'aws:sns/topicSubscription:TopicSubscription';
    expect(gpu.resource(type).inputs).toMatchObject({ protocol: 'email', endpoint: 'ada@example.com' });
    expect(fargate.resourcesOf(type)).toEqual([]);
  });
});

describe('the budget', () => {
  it('warns of what is spent and of what is to come', () => {
    const { limitAmount, notifications } = gpu.resource('aws:budgets/budget:Budget').inputs;
    expect(limitAmount).toBe('50');
    const warnings = notifications as Record<string, unknown>[];
    expect(warnings.map(({ notificationType, threshold }) => `${notificationType} ${threshold}`)).toEqual([
      'ACTUAL 80',
      'ACTUAL 100',
      'FORECASTED 100',
    ]);
    expect(warnings.flatMap(({ subscriberEmailAddresses }) => subscriberEmailAddresses)).toEqual(
      Array(3).fill('ada@example.com'),
    );
  });

  it('counts the whole account, or what carries a tag', async () => {
    expect(gpu.resource('aws:budgets/budget:Budget').inputs.costFilters).toBeUndefined();
    const tagged = await build('fargate', {
      alertEmail: 'ada@example.com',
      budget: { monthlyUsd: 5, tag: { name: 'farm', value: 'dev' } },
    });
    expect(tagged.resource('aws:budgets/budget:Budget').inputs.costFilters).toEqual([
      { name: 'TagKeyValue', values: ['user:farm$dev'] },
    ]);
  });

  it('is refused without an address', async () => {
    await expect(build('fargate', { budget: { monthlyUsd: 5 } })).rejects.toThrow(
      'Monitoring "watch": "budget" needs "alertEmail", an address to warn.',
    );
  });
});

describe('the dashboard', () => {
  it('is named after the stack and has its page', async () => {
    expect(await promiseOf(gpu.result.dashboardUrl)).toBe(
      'https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/transcode-farm-test-watch',
    );
  });

  it('lists every alarm', () => {
    const { widgets } = JSON.parse(
      String(gpu.resource('aws:cloudwatch/dashboard:Dashboard').inputs.dashboardBody),
    );
    const [list] = widgets.filter(({ type }: { type: string }) => type === 'alarm');
    expect(list.properties.alarms).toHaveLength(alarmsOf(gpu).length);
  });
});
