import type * as pulumi from '@pulumi/pulumi';
import {
  type FarmNames,
  functionMetric,
  groupMetric,
  type Metric,
  type MonitoredFunction,
  type MonitoredWorkers,
  queueMetric,
  taskMetric,
  workerMetric,
} from './metrics.ts';

/**
 * The farm on one page, as CloudWatch's dashboard body
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html): what waits, who works, how
 * jobs end, how long they take, what costs.
 */
export function buildDashboard(farm: FarmNames, alarmArns: readonly pulumi.Input<string>[]) {
  const { region, jobs, parts, reports, door } = farm;
  const chart = (title: string, series: Series[], options: ChartOptions = {}) => ({
    type: 'metric' as const,
    properties: {
      title,
      region,
      view: 'timeSeries' as const,
      period: options.period ?? 60,
      yAxis: { left: { min: 0, label: options.unit ?? '', showUnits: false } },
      metrics: series.map(line),
    },
  });

  const queue = chart('Jobs in the queue', [
    messages(jobs.queue, 'Visible', 'waiting'),
    messages(jobs.queue, 'NotVisible', 'in flight'),
    ...Object.entries(jobs.lanes ?? {}).flatMap(([lane, name]) => [
      messages(name, 'Visible', `${lane} waiting`),
      messages(name, 'NotVisible', `${lane} in flight`),
    ]),
    ...Object.entries(door?.queues ?? {}).flatMap(([lane, name]) => {
      const prefix = lane === 'normal' ? '' : `${lane} `;
      return [
        messages(name, 'Visible', `${prefix}waiting for the door`),
        messages(name, 'NotVisible', `${prefix}at the door`),
      ];
    }),
    messages(jobs.deadLetters, 'Visible', 'dead letters'),
    messages(parts.queue, 'Visible', 'part requests waiting'),
    messages(parts.queue, 'NotVisible', 'part requests in flight'),
    messages(parts.deadLetters, 'Visible', 'dead part requests'),
    ...(reports === undefined
      ? []
      : [
          messages(reports.queue, 'Visible', 'reports waiting'),
          messages(reports.deadLetters, 'Visible', 'dead reports'),
        ]),
  ]);
  const workers = chart('Workers', [
    ...workersSeries(farm.workers),
    ...(door === undefined ? [] : callsSeries(door)),
  ]);
  const oldest = chart(
    'Age of the oldest job',
    [
      {
        metric: queueMetric(jobs.queue, 'ApproximateAgeOfOldestMessage'),
        stat: 'Maximum',
        label: 'oldest',
      },
      ...Object.entries(jobs.lanes ?? {}).map(([lane, name]) => ({
        metric: queueMetric(name, 'ApproximateAgeOfOldestMessage'),
        stat: 'Maximum',
        label: `oldest ${lane}`,
      })),
    ],
    { unit: 'seconds' },
  );
  const outcomes = chart(
    'Jobs by outcome',
    [
      { metric: workerMetric(farm, 'JobsSucceeded'), stat: 'Sum', label: 'succeeded' },
      { metric: workerMetric(farm, 'JobsRetried'), stat: 'Sum', label: 'tried again' },
      { metric: workerMetric(farm, 'JobsFailed'), stat: 'Sum', label: 'failed' },
      { metric: workerMetric(farm, 'SickWorkers'), stat: 'Sum', label: 'sick workers' },
    ],
    { period: 300 },
  );
  const durations = chart(
    'Time of a job',
    [
      { metric: workerMetric(farm, 'WaitSeconds'), stat: 'Average', label: 'waiting' },
      { metric: workerMetric(farm, 'EncodeSeconds'), stat: 'Average', label: 'encoding' },
      { metric: workerMetric(farm, 'PublishSeconds'), stat: 'Average', label: 'publishing' },
    ],
    { period: 300, unit: 'seconds' },
  );
  const speed = chart(
    'Speed',
    [
      { metric: workerMetric(farm, 'Speed'), stat: 'Average', label: 'average' },
      { metric: workerMetric(farm, 'Speed'), stat: 'Minimum', label: 'slowest' },
    ],
    { period: 300, unit: 'film seconds per second' },
  );
  const paid = chart('What is paid for: busy machines', paidHours(farm.workers), {
    period: 3600,
    unit: 'machine hours',
  });
  const published = chart(
    'What is paid for: published films',
    [{ metric: workerMetric(farm, 'PublishedBytes'), stat: 'Sum', label: 'bytes' }],
    { period: 3600, unit: 'bytes' },
  );
  const calls = chart(...callsChart(farm.workers), { period: 300 });
  const alarms = { type: 'alarm' as const, properties: { title: 'Alarms', alarms: alarmArns } };
  return {
    widgets: [
      ...row(0, 2, [alarms]),
      ...row(2, 6, [queue, workers, oldest]),
      ...row(8, 6, [outcomes, durations, speed]),
      ...row(14, 6, [paid, published, calls]),
    ],
  };
}

type Series = Measured | { expression: string; label: string };

interface Measured {
  metric: Metric;
  stat: string;
  label: string;
  /** For expressions; the series itself is then not drawn. */
  id?: string;
}

interface ChartOptions {
  /** Seconds of one point. @default 60 */
  period?: number;
  unit?: string;
}

function messages(queue: pulumi.Input<string>, which: 'Visible' | 'NotVisible', label: string): Measured {
  return { metric: queueMetric(queue, `ApproximateNumberOfMessages${which}`), stat: 'Maximum', label };
}

function workersSeries(workers: MonitoredWorkers): Series[] {
  if (workers.kind === 'function') {
    return callsSeries(workers);
  }
  const { groupName } = workers;
  const tasks = { metric: taskMetric(workers), stat: 'SampleCount', label: 'running tasks' };
  if (groupName === undefined) return [tasks];
  const instances = (name: string, label: string) => ({
    metric: groupMetric(groupName, name),
    stat: 'Maximum',
    label,
  });
  return [
    tasks,
    instances('GroupDesiredCapacity', 'instances wanted'),
    instances('GroupInServiceInstances', 'instances in service'),
  ];
}

function callsSeries({ functionName }: Pick<MonitoredFunction, 'functionName'>): Series[] {
  const metric = functionMetric(functionName, 'ConcurrentExecutions');
  return [{ metric, stat: 'Maximum', label: 'calls at once' }];
}

/** The function whose failures matter most: of the worker, or of the waker that orders workers. */
function callsChart(workers: MonitoredWorkers): [title: string, series: Series[]] {
  const isWorker = workers.kind === 'function';
  const name = isWorker ? workers.functionName : workers.wakerName;
  const sum = (metric: string, label: string) => ({
    metric: functionMetric(name, metric),
    stat: 'Sum',
    label,
  });
  const series = [sum('Invocations', 'calls'), sum('Errors', 'errors')];
  if (!isWorker) return ['Waker', series];
  return [
    'Calls of the worker',
    [...series, sum('Throttles', 'throttled'), sum('AsyncEventsDropped', 'dropped')],
  ];
}

/**
 * Instances by the minute on EC2, tasks by the minute on Fargate: each sample stands for one minute of one machine. A function says
 * itself for how many milliseconds it ran.
 */
function paidHours(workers: MonitoredWorkers): Series[] {
  if (workers.kind === 'function') {
    const metric = functionMetric(workers.functionName, 'Duration');
    return [
      { metric, stat: 'Sum', label: 'milliseconds', id: 'ms' },
      { expression: 'ms / 3600000', label: 'hours of calls' },
    ];
  }
  const { groupName } = workers;
  const minutes =
    groupName === undefined
      ? { metric: taskMetric(workers), stat: 'SampleCount', label: 'task minutes' }
      : { metric: groupMetric(groupName, 'GroupInServiceInstances'), stat: 'Sum', label: 'instance minutes' };
  return [
    { ...minutes, id: 'minutes' },
    { expression: 'minutes / 60', label: minutes.label.replace('minutes', 'hours') },
  ];
}

/** A series as the dashboard's JSON wants it: namespace, name, then dimensions by turns, then options. */
function line(series: Series): unknown[] {
  if ('expression' in series) return [series];
  const { metric, stat, label, id } = series;
  const names = [metric.namespace, metric.name, ...Object.entries(metric.dimensions).flat()];
  return [...names, { stat, label, ...(id !== undefined && { id, visible: false }) }];
}

/** Widgets side by side over the grid's 24 columns. */
function row<W>(y: number, height: number, widgets: W[]): (W & Place)[] {
  const width = 24 / widgets.length;
  return widgets.map((widget, index) => ({ ...widget, x: index * width, y, width, height }));
}

interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}
