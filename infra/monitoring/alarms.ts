import type * as pulumi from '@pulumi/pulumi';
import { lateReportMetric } from '../../reporter/metrics.ts';
import type { ExtraLane } from '../../worker/src/protocol/lanes.ts';
import {
  type FarmNames,
  functionMetric,
  groupMetric,
  loadBalancerMetric,
  type Metric,
  type MonitoredFunction,
  type MonitoredService,
  type PortalNames,
  type QueueNames,
  queueMetric,
  taskMetric,
  workerMetric,
} from './metrics.ts';

/** An alarm of the farm: what is wrong when it rings, and what to do. Always "at least `threshold`". */
export interface FarmAlarm {
  /** Ends the alarm's name. */
  key: string;
  description: string;
  threshold: number;
  /** Seconds of one point. */
  periodSeconds: number;
  /** Of the last `of` points, this many must be over the threshold. */
  points: number;
  of: number;
  /** One metric, or metric math over several. CloudWatch charges for each metric of an alarm. */
  watched: { metric: Metric; stat: string } | { metrics: MathMetric[]; expression: string };
}

export interface MathMetric {
  id: string;
  metric: Metric;
  stat: string;
}

export interface AlarmRules {
  /** A job that waits longer is reported. */
  oldestJobSeconds: number;
  /** An instance without a task for this long is reported. */
  idleInstanceMinutes: number;
  /** Days that a job waits before it is dropped. */
  retentionDays: number;
}

/** Everything that needs a person. Missing data never triggers these alarms: a farm at rest reports little. */
export function farmAlarms(farm: FarmNames, rules: AlarmRules): FarmAlarm[] {
  return [
    {
      key: 'dead-letters',
      description:
        'Jobs have failed for good and lie in the dead letter queue. "farm dead" lists them, "farm redrive" sends them again.',
      ...anyLetter(farm.jobs),
    },
    {
      key: 'parts-dead-letters',
      description:
        'A part request exceeded its receive limit: each worker that received it was lost. The film goes on without it; if it does not end, the worker log says why.',
      ...anyLetter(farm.parts),
    },
    {
      key: 'failed-jobs',
      description: 'A job has failed. Its status.json and the worker log say why.',
      threshold: 1,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: workerMetric(farm, 'JobsFailed'), stat: 'Sum' },
    },
    {
      key: 'sick-workers',
      description:
        'A worker found its own encoder, disk or storage broken and ended. Its job goes to another worker and ECS starts a new one; on GPU the waker replaces the instance. If this repeats, look for "this worker is sick" in the worker log.',
      threshold: 1,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: workerMetric(farm, 'SickWorkers'), stat: 'Sum' },
    },
    {
      // Not of the parts queue: its messages are younger than their job, which is counted here.
      key: 'oldest-job',
      description: `A job is ${rules.oldestJobSeconds} s old and not finished. Too few workers ("maxTasks"), or a job that never ends.`,
      threshold: rules.oldestJobSeconds,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: queueMetric(farm.jobs.queue, 'ApproximateAgeOfOldestMessage'), stat: 'Maximum' },
    },
    ...laneAlarms(farm, rules),
    ...workerAlarms(farm, rules),
    ...(farm.door === undefined ? [] : doorAlarms(farm.door, rules)),
    ...(farm.portal === undefined ? [] : portalAlarms(farm.portal)),
    ...(farm.reports === undefined ? [] : reportAlarms(farm, farm.reports)),
  ];
}

/** An urgent job that is not done in this time was not served as one. */
const oldestUrgentSeconds = 3600;

/** Bulk jobs may wait for long, but not until they are dropped. */
function oldestBulkSeconds({ retentionDays }: AlarmRules): number {
  return (retentionDays * 86_400) / 2;
}

function laneAlarms({ jobs }: FarmNames, rules: AlarmRules): FarmAlarm[] {
  const { retentionDays } = rules;
  const seconds: Record<ExtraLane, number> = {
    urgent: oldestUrgentSeconds,
    bulk: oldestBulkSeconds(rules),
  };
  const why: Record<ExtraLane, string> = {
    urgent: 'Too few workers ("maxTasks"), or a film that takes that long.',
    bulk: `After ${retentionDays} days ("retentionDays") it is dropped. Too few workers ("maxTasks") for what comes in the lanes above it.`,
  };
  return Object.entries(jobs.lanes ?? {}).map(([name, queue]) => {
    const lane = name as ExtraLane;
    return {
      key: `oldest-${lane}-job`,
      description: `A job of the lane ${lane} is ${seconds[lane]} s old and not finished. ${why[lane]}`,
      threshold: seconds[lane],
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: queueMetric(queue, 'ApproximateAgeOfOldestMessage'), stat: 'Maximum' },
    };
  });
}

function workerAlarms(farm: FarmNames, rules: AlarmRules): FarmAlarm[] {
  const { workers } = farm;
  return workers.kind === 'service'
    ? serviceAlarms(farm, workers, rules)
    : functionAlarms(workers, workerTexts);
}

function serviceAlarms(farm: FarmNames, service: MonitoredService, rules: AlarmRules): FarmAlarm[] {
  const { groupName } = service;
  const lanes = Object.entries(farm.jobs.lanes ?? {});
  return [
    {
      key: 'no-worker',
      description:
        'Jobs wait and no worker has run for 15 minutes. Look at the service events: a vCPU quota of 0 for G instances, no Spot capacity, or an image that does not start.',
      threshold: 1,
      periodSeconds: 60,
      points: 12,
      of: 15,
      watched: {
        metrics: [
          { id: 'jobs', ...waiting(farm.jobs.queue) },
          { id: 'parts', ...waiting(farm.parts.queue) },
          ...lanes.map(([lane, queue]) => ({ id: lane, ...waiting(queue) })),
          { id: 'reported', metric: taskMetric(service), stat: 'SampleCount' },
        ],
        expression: `IF((${['jobs', 'parts', ...lanes.map(([lane]) => lane)].join(' + ')} > 0) > (reported > 0), 1, 0)`,
      },
    },
    ...(groupName === undefined ? [] : [idleInstance(service, groupName, rules.idleInstanceMinutes)]),
    {
      key: 'waker-errors',
      description:
        'The waker has failed three times in five minutes, so the farm neither wakes nor sleeps automatically. Its log says why.',
      threshold: 3,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: functionMetric(service.wakerName, 'Errors'), stat: 'Sum' },
    },
  ];
}

interface FunctionTexts {
  /** Begins the alarms' names. */
  key: string;
  /** The function in a sentence. */
  name: string;
  /** The setting that allows more calls at once. */
  setting: string;
}

const workerTexts: FunctionTexts = { key: 'function', name: 'the worker function', setting: 'maxTasks' };
const doorTexts: FunctionTexts = {
  key: 'door',
  name: 'the function before the jobs queue',
  setting: 'burstFunctions',
};

function functionAlarms(
  { functionName, maxCalls }: Omit<MonitoredFunction, 'kind'>,
  { key, name, setting }: FunctionTexts,
): FarmAlarm[] {
  const sum = (metric: string) => ({ metric: functionMetric(functionName, metric), stat: 'Sum' });
  return [
    {
      key: `${key}-errors`,
      description: `Calls of ${name} failed: its process ended, ran out of memory, or did not start. No film is lost by it; its log says why.`,
      threshold: 5,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: sum('Errors'),
    },
    {
      key: `${key}-throttles`,
      description: `Calls of ${name} are refused for want of concurrency: jobs wait. Raise "${setting}", or the quota of the account; "farm doctor" shows both.`,
      threshold: 1,
      periodSeconds: 300,
      points: 2,
      of: 3,
      watched: sum('Throttles'),
    },
    {
      key: `${key}-at-limit`,
      description: `${upperFirst(name)} has run at its limit of ${maxCalls} calls at once for a quarter of an hour: films take longer than they could. Raise "${setting}".`,
      threshold: maxCalls,
      periodSeconds: 300,
      points: 3,
      of: 3,
      watched: { metric: functionMetric(functionName, 'ConcurrentExecutions'), stat: 'Maximum' },
    },
    {
      key: `${key}-events`,
      description: `Lambda dropped calls for parts of films, as they could not start within five minutes. Other calls make those parts; if it repeats, raise "${setting}"${key === 'function' ? ' or lower "workersPerFilm"' : ''}.`,
      threshold: 1,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: sum('AsyncEventsDropped'),
    },
  ];
}

/** A job that the door has not passed on in this time: it is tried three times, in a quarter of an hour each. */
const oldestAtDoorSeconds = 3600;

function doorAlarms({ queues, ...door }: NonNullable<FarmNames['door']>, rules: AlarmRules): FarmAlarm[] {
  const oldest = Object.entries(queues).map(([lane, queue]): FarmAlarm => {
    const seconds = lane === 'bulk' ? oldestBulkSeconds(rules) : oldestAtDoorSeconds;
    const [key, job] =
      lane === 'normal'
        ? ['oldest-door-job', 'A job']
        : [`oldest-${lane}-door-job`, `A job of the lane ${lane}`];
    return {
      key,
      description: `${job} has waited for ${seconds} s before the jobs queue: no call of the function takes it, or functions have made its film for that long. If its event source is disabled, enable it, or set "functions" to "none".`,
      threshold: seconds,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: queueMetric(queue, 'ApproximateAgeOfOldestMessage'), stat: 'Maximum' },
    };
  });
  return [...functionAlarms(door, doorTexts), ...oldest];
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** On the way from workers to the owner's app and database. */
function reportAlarms(farm: FarmNames, reports: NonNullable<FarmNames['reports']>): FarmAlarm[] {
  return [
    {
      key: 'reports-dead-letters',
      description:
        'Reports were given up: a webhook was not delivered in 28 hours or its receiver answered 410, or the database rejected a row. "farm webhooks" says which, "farm webhooks redeliver" and "farm reconcile" send them again.',
      ...anyLetter(reports),
    },
    {
      // Each try sends a new message, so one this old means that nobody takes them.
      key: 'reports-age',
      description:
        'Reports wait in their queue for half an hour: the reporter does not run, or fails. Its log says why; nothing is lost for 14 days.',
      threshold: 1800,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: queueMetric(reports.queue, 'ApproximateAgeOfOldestMessage'), stat: 'Maximum' },
    },
    {
      key: 'late-reports',
      description:
        'A webhook receiver or the database has failed for an hour. The reporter tries for 28 hours; its log says what they answer, "farm doctor" tries them.',
      threshold: 3600,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: workerMetric(farm, lateReportMetric), stat: 'Maximum' },
    },
  ];
}

/** The people's own page. */
function portalAlarms(portal: PortalNames): FarmAlarm[] {
  const errors = {
    key: 'portal-errors',
    description:
      'The portal has answered five requests in five minutes with an error of its own (5xx). Its log says why.',
    threshold: 5,
    periodSeconds: 300,
    points: 1,
    of: 1,
  };
  if ('functionName' in portal)
    return [
      {
        ...errors,
        watched: { metric: functionMetric(portal.functionName, 'Url5xxCount'), stat: 'Sum' },
      },
    ];
  const { loadBalancer, targetGroup } = portal;
  return [
    {
      ...errors,
      watched: {
        metric: loadBalancerMetric(loadBalancer, 'HTTPCode_Target_5XX_Count'),
        stat: 'Sum',
      },
    },
    {
      // Also where no task runs at all, as no one else answers then.
      key: 'portal-unreachable',
      description:
        'The load balancer itself has answered five requests in five minutes with an error (5xx): no task of the portal runs, or none answers in time. Look at the events of its service and at its log.',
      threshold: 5,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: loadBalancerMetric(loadBalancer, 'HTTPCode_ELB_5XX_Count'), stat: 'Sum' },
    },
    {
      key: 'portal-unhealthy',
      description:
        'A task of the portal has failed its health check (/health) for five minutes, and ECS has not replaced it. Its log says why.',
      threshold: 1,
      periodSeconds: 60,
      points: 5,
      of: 7,
      watched: {
        metric: loadBalancerMetric(loadBalancer, 'UnHealthyHostCount', targetGroup),
        stat: 'Maximum',
      },
    },
  ];
}

/** At least one dead letter. */
function anyLetter({ deadLetters }: QueueNames) {
  return {
    threshold: 1,
    periodSeconds: 300,
    points: 1,
    of: 1,
    watched: {
      metric: queueMetric(deadLetters, 'ApproximateNumberOfMessagesVisible'),
      stat: 'Maximum',
    },
  };
}

function waiting(queue: pulumi.Input<string>) {
  return { metric: queueMetric(queue, 'ApproximateNumberOfMessagesVisible'), stat: 'Maximum' };
}

function idleInstance(
  service: MonitoredService,
  groupName: pulumi.Input<string>,
  minutes: number,
): FarmAlarm {
  return {
    key: 'idle-instance',
    description: `An instance has run without a task for ${minutes} minutes and is being paid for. The waker should have ended it: look at its log, and at the instance's system log.`,
    threshold: 1,
    periodSeconds: 60,
    // Late metrics: the newest minutes can look idle, and some can be missing.
    points: Math.ceil(minutes * 0.9),
    of: minutes,
    watched: {
      metrics: [
        { id: 'inservice', metric: groupMetric(groupName, 'GroupInServiceInstances'), stat: 'Minimum' },
        { id: 'reported', metric: taskMetric(service), stat: 'SampleCount' },
      ],
      expression: 'IF(inservice > reported, 1, 0)',
    },
  };
}
