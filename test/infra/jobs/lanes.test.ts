import { describe, expect, it } from 'vitest';
import type { Farm } from '../../../infra/scaling/waker/farm.ts';
import { environmentOf } from '../../../tools/program-run/farm.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { recordFarm } from '../../helpers/program/farm.ts';
import { parsePolicy } from '../../helpers/program/policies.ts';
import { promiseOf } from '../../helpers/program/pulumi.ts';
import { bareStack } from '../../helpers/program/stacks.ts';

const lanes = '["urgent","bulk"]';
const own = (queue: string) => expect.stringMatching(new RegExp(`/farm-${queue}-0a1b2c3$`));
const laneQueues = ['jobs-urgent', 'jobs-bulk', 'parts-urgent', 'parts-bulk'];

describe('a farm with priority lanes', () => {
  it('gives the worker the queues of each', async () => {
    const farm = await recordFarm(bareStack({ lanes }));
    expect(readSettings(environmentOf(farm)).lanes).toEqual({
      urgent: { queueUrl: own('jobs-urgent'), partsQueueUrl: own('parts-urgent') },
      bulk: { queueUrl: own('jobs-bulk'), partsQueueUrl: own('parts-bulk') },
    });
  });

  it('names topics and queues among its outputs', async () => {
    const { result } = await recordFarm(bareStack({ lanes }));
    expect(await promiseOf(result.urgentTopicArn)).toMatch(/^arn:aws:sns:.*:farm-jobs-urgent-/);
    expect(await promiseOf(result.bulkQueueUrl)).toMatch(/\/farm-jobs-bulk-/);
    const { result: bare } = await recordFarm(bareStack());
    expect(await promiseOf(bare.urgentTopicArn)).toBe('');
  });

  it('is woken by jobs of all lanes, and for the messages of all of their queues', async () => {
    const farm = await recordFarm(bareStack({ lanes }));
    const callers = farm
      .resourcesOf('aws:sns/topicSubscription:TopicSubscription')
      .filter(({ inputs }) => inputs.protocol === 'lambda');
    expect(callers).toHaveLength(3);
    const { environment } = farm.resource('aws:lambda/function:Function', 'farm-waker').inputs as {
      environment: { variables: { FARM: string } };
    };
    const { queueUrls } = JSON.parse(environment.variables.FARM) as Farm;
    expect(queueUrls).toEqual([own('jobs'), own('parts'), ...laneQueues.map(own)]);
  });

  it.each([
    ['["urgent"]', 8],
    ['["bulk"]', 8],
    [lanes, 8],
  ])('tracks no more than the ten metrics that an alarm may have: %s', async (set, queueMetrics) => {
    const farm = await recordFarm(bareStack({ lanes: set }));
    const { targetTrackingScalingPolicyConfiguration } = farm.resource('aws:appautoscaling/policy:Policy')
      .inputs as {
      targetTrackingScalingPolicyConfiguration: {
        customizedMetricSpecification: { metrics: { metricStat?: { metric: { namespace: string } } }[] };
      };
    };
    const measured = targetTrackingScalingPolicyConfiguration.customizedMetricSpecification.metrics.flatMap(
      ({ metricStat }) => metricStat?.metric.namespace ?? [],
    );
    expect(measured.filter((namespace) => namespace === 'AWS/SQS')).toHaveLength(queueMetrics);
    expect(measured.length).toBeLessThanOrEqual(10);
  });

  it('lets workers alone send part requests in any lane', async () => {
    const farm = await recordFarm(bareStack({ lanes }));
    for (const name of ['farm-parts', 'farm-parts-urgent', 'farm-parts-bulk']) {
      const { policy } = farm.resource('aws:sqs/queuePolicy:QueuePolicy', name).inputs;
      expect(parsePolicy(String(policy))[0]).toMatchObject({
        effect: 'Deny',
        actions: ['sqs:SendMessage'],
        condition: { ArnNotEquals: { 'aws:PrincipalArn': expect.any(String) } },
      });
    }
  });

  it('reports old jobs of each lane', async () => {
    const farm = await recordFarm(bareStack({ lanes, retentionDays: '10', functions: 'door' }));
    const thresholdOf = (name: string) =>
      farm.resource('aws:cloudwatch/metricAlarm:MetricAlarm', name).inputs.threshold;
    expect(thresholdOf('farm-oldest-urgent-job')).toBe(3600);
    // Before SQS drops it.
    expect(thresholdOf('farm-oldest-bulk-job')).toBe(5 * 86_400);
    expect(thresholdOf('farm-oldest-door-job')).toBe(3600);
    expect(thresholdOf('farm-oldest-urgent-door-job')).toBe(3600);
    expect(thresholdOf('farm-oldest-bulk-door-job')).toBe(5 * 86_400);
  });

  it('leaves calls of its function for the lanes above', async () => {
    const farm = await recordFarm(bareStack({ lanes, compute: 'function', maxTasks: '100' }));
    const shares = farm
      .resourcesOf('aws:lambda/eventSourceMapping:EventSourceMapping')
      .map(({ name, inputs }) => [
        name.replace('farm-worker-', ''),
        (inputs.scalingConfig as { maximumConcurrency: number }).maximumConcurrency,
      ]);
    expect(Object.fromEntries(shares)).toEqual({
      jobs: 75,
      parts: 75,
      'jobs-urgent': 100,
      'jobs-bulk': 50,
      'parts-urgent': 100,
      'parts-bulk': 50,
    });
  });

  it('lets the portal send to the topics of all lanes', async () => {
    const { portal, ...stack } = {
      portal: 'function',
      portalPasswordHash:
        'scrypt$32768$8$3$c2VzYW1lLXBvcnRhbC0tLQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    };
    const farm = await recordFarm(bareStack({ lanes, portal, ...stack }));
    const sending = farm
      .resourcesOf('aws:iam/rolePolicy:RolePolicy')
      .flatMap(({ inputs }) => parsePolicy(String(inputs.policy)))
      .filter(({ actions }) => actions.includes('sns:Publish'));
    expect(sending).toHaveLength(1);
    expect(sending[0]?.resources).toHaveLength(3);
  });
});
