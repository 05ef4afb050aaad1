import type * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';

export interface BacklogMetricArgs {
  queueNames: pulumi.Input<string>[];
  clusterName: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  backlogPerTask: number;
}

type MetricQuery =
  aws.types.input.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetric;

/**
 * Backlog per task as CloudWatch metric math, of free metrics alone: messages waiting and in flight, divided by tasks.
 *
 * - Messages in flight count: those of a busy worker too, so that a busy farm is never taken for an idle one.
 * - Running tasks are the number of samples of the service's CPU use, one for each task and minute
 *   (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html).
 * - It never reads more than the target, so tracking takes tasks away and the waker alone adds them (see `decide.ts`). Tracking
 *   multiplies the desired count by metric over target, and while tasks are on their way that would order more for the same jobs.
 * - While nothing is to be done it reads just the target: then the waker decides, and the last task is never taken away.
 * - A minute in which no task has reported has no value. It must not be filled: metrics come late, so the newest minute would always hold the
 *   filler, and the alarm that takes tasks away wants fifteen minutes of fifteen. It looks further back instead
 *   (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, FILL).
 * - A queue's missing minute repeats the one before: taken for zero, it would look like a finished farm.
 */
export function backlogPerTaskMetric(args: BacklogMetricArgs): MetricQuery[] {
  const { queueNames, clusterName, serviceName, backlogPerTask: target } = args;
  const queues = queueNames.flatMap((name, index) => [
    sqs(`waiting${index}`, 'ApproximateNumberOfMessagesVisible', name),
    sqs(`flying${index}`, 'ApproximateNumberOfMessagesNotVisible', name),
  ]);
  return [
    ...queues,
    query('reported', {
      namespace: 'AWS/ECS',
      metricName: 'CPUUtilization',
      dimensions: [
        { name: 'ClusterName', value: clusterName },
        { name: 'ServiceName', value: serviceName },
      ],
      stat: 'SampleCount',
    }),
    expression('backlog', queues.map(({ id }) => `FILL(${id}, REPEAT)`).join(' + ')),
    {
      ...expression(
        'perTask',
        `IF(backlog > 0 AND backlog < reported * ${target}, backlog, reported * ${target}) / reported`,
      ),
      label: 'Backlog per task',
      returnData: true,
    },
  ];
}

function sqs(id: string, metricName: string, queueName: pulumi.Input<string>): MetricQuery & { id: string } {
  return query(id, {
    namespace: 'AWS/SQS',
    metricName,
    dimensions: [{ name: 'QueueName', value: queueName }],
    stat: 'Maximum',
  });
}

interface Measured {
  namespace: string;
  metricName: string;
  dimensions: { name: string; value: pulumi.Input<string> }[];
  stat: string;
}

function query(id: string, { stat, ...metric }: Measured): MetricQuery & { id: string } {
  return { id, metricStat: { metric, stat }, returnData: false };
}

function expression(id: string, text: string): MetricQuery {
  return { id, expression: text, returnData: false };
}
