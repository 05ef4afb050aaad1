import type { Sickness } from '../health/health.ts';
import type { JobState } from '../protocol/status.ts';
import { workerName } from './reporter.ts';
import type { Sink } from './sink.ts';

/** Names and units in CloudWatch; dashboards and alarms are made from them. */
export const metricUnits = {
  JobsSucceeded: 'Count',
  JobsFailed: 'Count',
  /** Tries that failed and are followed by another. */
  JobsRetried: 'Count',
  WaitSeconds: 'Seconds',
  EncodeSeconds: 'Seconds',
  /** After the last frame was encoded. */
  PublishSeconds: 'Seconds',
  /** Film seconds per second of work. */
  Speed: 'None',
  PublishedBytes: 'Bytes',
  /** Workers that found themselves broken and ended. */
  SickWorkers: 'Count',
} as const;

export type MetricName = keyof typeof metricUnits;

/** Writes one line for each try of a job that came to an end. */
export function createMetrics(namespace: string, write: (line: string) => void): Sink {
  return {
    transition(state) {
      const line = metricsLine(namespace, state);
      if (line !== undefined) write(`${JSON.stringify(line)}\n`);
    },
  };
}

/**
 * A line in CloudWatch's embedded metric format, from which CloudWatch Logs makes metrics. It has no dimensions: each
 * value of a dimension would be a metric to pay for, and one namespace is one farm.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @returns undefined while a job runs, and for an interruption, which ends nothing
 */
export function metricsLine(namespace: string, state: JobState): Record<string, unknown> | undefined {
  const values = valuesOf(state);
  if (values === undefined) return undefined;
  return {
    ...embedded(namespace, Date.parse(state.updatedAt), values),
    job: state.id,
    attempt: state.attempt,
    ...(state.error === undefined ? {} : { code: state.error.code }),
    ...values,
  };
}

/** Of a worker that found itself broken. */
export function sickWorkerLine(namespace: string, sickness: Sickness, at: Date): Record<string, unknown> {
  const values = { SickWorkers: 1 };
  return { ...embedded(namespace, at.getTime(), values), worker: workerName, ...sickness, ...values };
}

function embedded(namespace: string, Timestamp: number, values: Partial<Record<MetricName, number>>) {
  const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: metricUnits[Name as MetricName] }));
  return { _aws: { Timestamp, CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [[]], Metrics }] } };
}

function valuesOf({ state, timings, film }: JobState): Partial<Record<MetricName, number>> | undefined {
  const wait = known({ WaitSeconds: timings.waitSeconds });
  switch (state) {
    case 'queued':
    case 'running':
      return undefined;
    case 'retrying':
      return { JobsRetried: 1, ...wait };
    case 'failed':
      return { JobsFailed: 1, ...wait };
    case 'succeeded':
      return {
        JobsSucceeded: 1,
        ...wait,
        ...known({
          EncodeSeconds: timings.encodeSeconds,
          PublishSeconds: timings.publishSeconds,
          Speed: timings.speed,
          // Without encoding nothing was published: the film was there already.
          PublishedBytes: timings.encodeSeconds === undefined ? undefined : film?.bytes,
        }),
      };
  }
}

function known<Name extends MetricName>(
  values: Record<Name, number | undefined>,
): Partial<Record<Name, number>> {
  const entries = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(entries) as Partial<Record<Name, number>>;
}
