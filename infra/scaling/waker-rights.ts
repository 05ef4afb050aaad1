import type * as aws from '@pulumi/aws';
import { inCluster } from '../compute/roles.ts';
import { allow, writeLog } from '../policy.ts';
import type { ScalingArgs } from './args.ts';

/** What the waker has to itself. */
export interface Owned {
  logGroup: aws.cloudwatch.LogGroup;
  memory: aws.ssm.Parameter;
  missed: aws.sqs.Queue;
}

/** What the waker may do: look at one farm, set its number of tasks and, where it has instances, order and end them. */
export function wakerStatements(
  args: ScalingArgs,
  { logGroup, memory, missed }: Owned,
): aws.iam.PolicyStatement[] {
  const { clusterArn, serviceArn, capacity, queues } = args;
  const instances = inCluster(clusterArn, 'container-instance');
  const statements: aws.iam.PolicyStatement[] = [
    allow(
      'SeeBacklog',
      ['sqs:GetQueueAttributes'],
      queues.map(({ arn }) => arn),
    ),
    allow('SetTasks', ['ecs:DescribeServices', 'ecs:UpdateService'], serviceArn),
    allow('SeeBusyTasks', ['ecs:GetTaskProtection'], inCluster(clusterArn, 'task')),
    {
      // Narrowed by the cluster: to list a service's tasks, ECS checks container instances, of which Fargate has none.
      ...allow('ListTasks', ['ecs:ListTasks'], '*'),
      Condition: { ArnEquals: { 'ecs:cluster': clusterArn } },
    },
    allow('Remember', ['ssm:GetParameter', 'ssm:PutParameter'], memory.arn),
    allow('KeepMissedCalls', ['sqs:SendMessage'], missed.arn),
    writeLog(logGroup),
  ];
  if (!capacity.group) return statements;
  return [
    ...statements,
    allow('ListInstances', ['ecs:ListContainerInstances'], clusterArn),
    allow('SeeBrokenTasks', ['ecs:DescribeTasks'], inCluster(clusterArn, 'task')),
    allow(
      'DrainInstances',
      ['ecs:DescribeContainerInstances', 'ecs:UpdateContainerInstancesState'],
      instances,
    ),
    allow(
      'OrderAndEndInstances',
      ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
      capacity.group.arn,
    ),
    // The action has no resource to be narrowed to (service authorization reference of Amazon EC2 Auto Scaling).
    allow('SeeGroup', ['autoscaling:DescribeAutoScalingGroups'], '*'),
  ];
}
