import { type Metric, type QueueNames, queueMetric } from './metrics.ts';

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

/** At least one dead letter. */
export function anyLetter({ deadLetters }: QueueNames) {
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

/** Bulk jobs may wait for long, but not until they are dropped. */
export function oldestBulkSeconds({ retentionDays }: AlarmRules): number {
  return (retentionDays * 86_400) / 2;
}
