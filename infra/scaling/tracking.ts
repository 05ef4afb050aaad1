import type * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';

export interface BacklogMetricArgs {
  queueNames: pulumi.Input<string>[];
  clusterName: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  /** Auto Scaling group of the instances, if there are any. */
  groupName?: pulumi.Input<string>;
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
 * - Instances on their way count as tasks, or a farm that waits minutes for its second instance would order a third for the same jobs.
 * - While no task runs, or nothing is to be done, it reads just the target: then the waker decides, and tracking keeps still
 *   (see `decide.ts`). So it never divides by zero, and never takes the last task away.
 * - A queue's missing minute repeats the one before: taken for zero, it would look like a finished farm.
 */
export function backlogPerTaskMetric(args: BacklogMetricArgs): MetricQuery[] {
  const { queueNames, clusterName, serviceName, groupName, backlogPerTask } = args;
  const queues = queueNames.flatMap((name, index) => [
    sqs(`waiting${index}`, 'ApproximateNumberOfMessagesVisible', name),
    sqs(`flying${index}`, 'ApproximateNumberOfMessagesNotVisible', name),
  ]);
  const backlog = queues.map(({ id }) => `FILL(${id}, REPEAT)`).join(' + ');
  const tasks = groupName === undefined ? 'running' : 'IF(running > instances, running, instances)';
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
    ...(groupName === undefined
      ? []
      : [
          query('ordered', {
            namespace: 'AWS/AutoScaling',
            metricName: 'GroupDesiredCapacity',
            dimensions: [{ name: 'AutoScalingGroupName', value: groupName }],
            stat: 'Maximum',
          }),
          expression('instances', 'FILL(ordered, 0)'),
        ]),
    expression('running', 'FILL(reported, 0)'),
    expression('backlog', backlog),
    {
      ...expression('perTask', `IF(backlog > 0 AND running > 0, backlog / ${tasks}, ${backlogPerTask})`),
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
