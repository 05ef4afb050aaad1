import type * as pulumi from '@pulumi/pulumi';
import { type AlarmRules, type FarmAlarm, oldestBulkSeconds } from './alarm.ts';
import {
  type FarmNames,
  functionMetric,
  groupMetric,
  type MonitoredFunction,
  type MonitoredService,
  queueMetric,
  taskMetric,
} from './metrics.ts';

/** Of what runs the workers, and of the function before them. */
export function workerAlarms(farm: FarmNames, rules: AlarmRules): FarmAlarm[] {
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

export function doorAlarms(
  { queues, ...door }: NonNullable<FarmNames['door']>,
  rules: AlarmRules,
): FarmAlarm[] {
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
