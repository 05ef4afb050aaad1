import { UserError } from '../../../cli/errors.ts';
import type { Inputs, Registered } from '../../program-run/registered.ts';
import { type Charge, charge, monthOf } from '../charge.ts';
import type { FarmFacts } from '../facts.ts';
import { hoursPerMonth } from '../prices.ts';

/** How much a resource uses while no film comes, read from what it is made with. */

/** Seconds that Lambda bills for a call of the waker: six calls of AWS services, one after another. An assumption, on the careful side. */
const wakerSeconds = 0.5;

/** What a call leaves in the log: its own line, and Lambda's three (START, END, REPORT). An assumption. */
export const wakerLogBytes = 600;

/** A worker without a job asks each of its queues so often: SQS's longest wait (`longPollSeconds` in worker/src/queue/queue.ts). */
const pollSeconds = 20;

/** Target tracking keeps an alarm for each direction: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html */
export const trackingAlarms = 2;

export function unpriced(what: string): never {
  throw new UserError(
    `There is no price for ${what}. Add it to tools/cost/prices.ts and to the rule in tools/cost/idle/rules.ts.`,
  );
}

/** The waker counts the messages of some queues at each call; workers that always run wait at theirs. */
export function queueRequests(url: string, farm: FarmFacts): Charge[] | string {
  const counted = farm.waker?.queueUrls.includes(url) ? callsPerMonth(farm) : 0;
  const polled = pollsPerMonth(url, farm);
  const requests = [
    charge('sqsRequest', counted, 'asked by the waker'),
    charge('sqsRequest', polled, 'asked by waiting workers'),
  ].filter(({ quantity }) => quantity > 0);
  return requests.length > 0 ? requests : 'not used while no film comes';
}

/** Lambda waits at a function's queue with five pollers: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const functionPollers = 5;
export const functionPollsPerMonth = (functionPollers * hoursPerMonth * 3600) / pollSeconds;

function pollsPerMonth(url: string, { minTasks, settings }: FarmFacts): number {
  const lanes = Object.values(settings.lanes).flatMap(({ queueUrl, partsQueueUrl }) => [
    queueUrl,
    partsQueueUrl,
  ]);
  const waitsThere = [settings.queue.url, settings.sharing.partsQueueUrl, ...lanes].includes(url);
  return waitsThere ? (minTasks * hoursPerMonth * 3600) / pollSeconds : 0;
}

export function callsPerMonth({ resources }: FarmFacts): number {
  const rules = resources.filter(({ type }) => type === 'aws:cloudwatch/eventRule:EventRule');
  return rules.reduce((sum, { name, inputs }) => {
    const minutes = /^rate\((\d+) minutes?\)$/.exec(String(inputs.scheduleExpression))?.[1];
    if (minutes === undefined)
      throw new UserError(`The schedule of "${name}", ${inputs.scheduleExpression}, is not read here.`);
    return sum + (hoursPerMonth * 60) / Number(minutes);
  }, 0);
}

export function wakerCalls({ memorySize, architectures }: Inputs, calls: number): Charge[] {
  if (JSON.stringify(architectures) !== '["arm64"]') unpriced(`Lambda on ${JSON.stringify(architectures)}`);
  return [
    charge('lambdaRequest', calls, 'calls, one a minute'),
    charge(
      'lambdaDuration',
      (calls * wakerSeconds * Number(memorySize)) / 1024,
      `${wakerSeconds} s of ${memorySize} MB each`,
    ),
  ];
}

/** CloudWatch charges for each metric that an alarm watches. */
export function alarms(count: number, metrics: number): Charge[] {
  const what = `${count === 1 ? 'alarm' : `${count} alarms`} on ${metrics === 1 ? '1 metric' : `${metrics} metrics`}`;
  return [charge('alarmMetric', count * metrics, count > 1 && metrics > 1 ? `${what} each` : what)];
}

export function metricsOfAlarm({ metricName, metricQueries }: Inputs): number {
  if (metricName !== undefined) return 1;
  return (metricQueries as { metric?: unknown }[]).filter(({ metric }) => metric !== undefined).length;
}

export function metricsOfTracking({ targetTrackingScalingPolicyConfiguration }: Inputs): number {
  const { customizedMetricSpecification } = targetTrackingScalingPolicyConfiguration as {
    customizedMetricSpecification?: { metrics: { metricStat?: unknown }[] };
  };
  // A metric that AWS knows by its name.
  if (customizedMetricSpecification === undefined) return 1;
  return customizedMetricSpecification.metrics.filter(({ metricStat }) => metricStat !== undefined).length;
}

/** ECS tracks the provider's reservation with its own policy. */
export function managedScaling({ autoScalingGroupProvider }: Inputs): Charge[] | string {
  const { managedScaling } = autoScalingGroupProvider as { managedScaling: { status: string } };
  return managedScaling.status === 'ENABLED'
    ? alarms(trackingAlarms, 1)
    : 'without managed scaling it is free';
}

/**
 * A stopped instance costs its volume: no hours, and no address, as that goes back when it stops. Those that always run take from the pool.
 * Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html
 */
export function stoppedInstances({ warmInstances, minTasks, waker, worker }: FarmFacts): Charge[] | string {
  const running = Math.ceil(minTasks / (waker?.rules.tasksPerInstance ?? 1));
  const count = Math.max(0, warmInstances - running);
  if (worker.kind !== 'gpu' || count === 0) return 'a group of no instances; its own metrics are free';
  const what =
    count === 1 ? 'root volume of a stopped instance' : `root volumes of ${count} stopped instances`;
  return [charge('ebsGp3', count * worker.rootVolumeGb, what)];
}

/** Container Insights' metrics of a cluster and of a service of which no task runs: three and five. Not confirmed. */
const insightsMetricsAtRest = 8;

export function containerInsights({ settings }: Inputs): Charge[] | string {
  const insights = (settings as { name: string; value: string }[]).find(
    ({ name }) => name === 'containerInsights',
  );
  return insights?.value === 'disabled'
    ? 'a cluster is free'
    : [charge('customMetric', insightsMetricsAtRest, 'metrics of Container Insights at rest')];
}

/** A load balancer has an address in each of its zones. Health checks are no load. */
export function loadBalancer({ loadBalancerType, subnets }: Inputs): Charge[] {
  if (loadBalancerType !== 'application') unpriced(`a load balancer of the type ${String(loadBalancerType)}`);
  const zones = (subnets as unknown[]).length;
  return [
    monthOf(charge('loadBalancer', 1, 'load balancer')),
    monthOf(charge('publicIpv4', zones, `its public IPv4 addresses, one in each of ${zones} zones`)),
    monthOf(charge('loadBalancerUnit', restUnits, 'its load, a few pages that are open')),
  ];
}

/** Of 25 new connections a second and 3,000 open ones: pages that are open ask by connections that stay. An assumption. */
const restUnits = 0.01;

/** The portal's tasks that always run, on Fargate proper. */
export function portalTasks({ name, inputs }: Registered, { resources }: FarmFacts): Charge[] {
  const own = (type: string) => {
    const found = resources.find((resource) => resource.type === type && resource.name === name);
    return found?.inputs ?? unpriced(`the service "${name}", which has no ${type}`);
  };
  const { cpu, memory } = own('aws:ecs/taskDefinition:TaskDefinition');
  const tasks = Number(own('aws:appautoscaling/target:Target').minCapacity);
  const { assignPublicIp } = inputs.networkConfiguration as { assignPublicIp: boolean };
  return [
    charge('fargateVcpu', (tasks * Number(cpu)) / 1024, 'vCPU of the task that always runs'),
    charge('fargateMemory', (tasks * Number(memory)) / 1024, 'its memory'),
    ...(assignPublicIp ? [charge('publicIpv4', tasks, 'its public IPv4 address')] : []),
  ].map(monthOf);
}

/** Wasabi has one minimum for an account, however many buckets it has. */
export function wasabiBucket(bucket: Registered, { resources }: FarmFacts): Charge[] | string {
  const { type, name, inputs } = bucket;
  if (!String(inputs.endpoint).endsWith('.wasabisys.com')) unpriced(`the dynamic resource "${name}"`);
  const [first] = resources.filter((resource) => resource.type === type);
  return first === bucket
    ? [charge('wasabiStorage', 1, "the account's minimum of 1 TB")]
    : "within the account's minimum of 1 TB";
}
