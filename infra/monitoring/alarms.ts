import { lateReportMetric } from '../../reporter/metrics.ts';
import type { ExtraLane } from '../../worker/src/protocol/lanes.ts';
import { type AlarmRules, anyLetter, type FarmAlarm, oldestBulkSeconds } from './alarm.ts';
import { type FarmNames, queueMetric, workerMetric } from './metrics.ts';
import { portalAlarms } from './portal-alarms.ts';
import { doorAlarms, workerAlarms } from './worker-alarms.ts';

/** Everything that needs a person. Missing data never triggers these alarms: a farm at rest reports little. */
export function farmAlarms(farm: FarmNames, rules: AlarmRules): FarmAlarm[] {
  return [
    {
      key: 'dead-letters',
      description:
        'Failed jobs lie in the dead letter queue. "farm dead" lists them, "farm redrive" sends them again.',
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
