import type * as pulumi from '@pulumi/pulumi';
import type { lateReportMetric } from '../../reporter/metrics.ts';
import type { ExtraLane, Lane } from '../../worker/src/protocol/lanes.ts';

type Name = pulumi.Input<string>;

/** A CloudWatch metric. */
export interface Metric {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, Name>>;
}

/** What the farm's parts are called in CloudWatch. */
export interface FarmNames {
  region: Name;
  workers: MonitoredWorkers;
  /** The function before the jobs queue; undefined without one. */
  door?: (Omit<MonitoredFunction, 'kind'> & { queues: Partial<Record<Lane, Name>> }) | undefined;
  jobs: QueueNames;
  parts: QueueNames;
  /** Undefined where nobody wants reports. */
  reports?: (QueueNames & { reporterName: Name }) | undefined;
  /** Undefined where no portal is deployed. */
  portal?: PortalNames | undefined;
  /** Namespace of the worker's own metrics. */
  metricsNamespace: string;
}

/** A function, or what is before a service: each as the last part of its ARN, which is what CloudWatch knows. */
export type PortalNames = { functionName: Name } | { loadBalancer: Name; targetGroup: Name };

export interface MonitoredService {
  kind: 'service';
  clusterName: Name;
  serviceName: Name;
  wakerName: Name;
  /** Auto Scaling group; none on Fargate. */
  groupName?: Name | undefined;
}

export interface MonitoredFunction {
  kind: 'function';
  functionName: Name;
  /** Calls at once. */
  maxCalls: number;
}

/** Tasks of ECS, which the waker orders, or calls of a function. */
export type MonitoredWorkers = MonitoredService | MonitoredFunction;

export interface QueueNames {
  queue: Name;
  /** The queues of the priority lanes beside it. */
  lanes?: Partial<Record<ExtraLane, Name>>;
  deadLetters: Name;
}

export function queueMetric(queue: Name, name: string): Metric {
  return { namespace: 'AWS/SQS', name, dimensions: { QueueName: queue } };
}

/** Its sample count over a minute is the number of running tasks, without Container Insights. */
export function taskMetric({
  clusterName,
  serviceName,
}: Pick<MonitoredService, 'clusterName' | 'serviceName'>): Metric {
  return {
    namespace: 'AWS/ECS',
    name: 'CPUUtilization',
    dimensions: { ClusterName: clusterName, ServiceName: serviceName },
  };
}

export function groupMetric(groupName: Name, name: string): Metric {
  return { namespace: 'AWS/AutoScaling', name, dimensions: { AutoScalingGroupName: groupName } };
}

export function functionMetric(functionName: Name, name: string): Metric {
  return { namespace: 'AWS/Lambda', name, dimensions: { FunctionName: functionName } };
}

export function loadBalancerMetric(loadBalancer: Name, name: string, targetGroup?: Name): Metric {
  const dimensions = {
    LoadBalancer: loadBalancer,
    ...(targetGroup !== undefined && { TargetGroup: targetGroup }),
  };
  return { namespace: 'AWS/ApplicationELB', name, dimensions };
}

/** The names that the worker reports under: without dimensions, so that they stay within CloudWatch's ten free ones. */
export type WorkerMetricName =
  | 'JobsSucceeded'
  | 'JobsFailed'
  | 'JobsRetried'
  | 'WaitSeconds'
  | 'EncodeSeconds'
  | 'PublishSeconds'
  | 'Speed'
  | 'PublishedBytes'
  | 'SickWorkers';

export function workerMetric(
  { metricsNamespace }: FarmNames,
  name: WorkerMetricName | typeof lateReportMetric,
): Metric {
  return { namespace: metricsNamespace, name, dimensions: {} };
}
