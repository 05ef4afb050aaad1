import type * as pulumi from '@pulumi/pulumi';
import type { Capacity } from '../compute/capacity.ts';

/** What `Scaling` is given, and its waker with it. */
export interface ScalingArgs {
  clusterName: pulumi.Input<string>;
  clusterArn: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  serviceArn: pulumi.Input<string>;
  capacity: Capacity;
  /** Of the service: names what scales it. */
  kind: 'fargate' | 'gpu';
  /** The queues whose messages are the backlog: at least one. */
  queues: BacklogQueue[];
  /** Those of them that target tracking counts. @default all */
  trackedQueues?: BacklogQueue[];
  /** Jobs and bucket events pass here: the waker listens. Undefined where a function looks at them first, and asks for workers. */
  topicArn?: pulumi.Input<string>;
  /** The same for other lanes, by what ends the names of the waker's subscriptions. @default none */
  laneTopicArns?: Record<string, pulumi.Input<string>>;
  /** Tasks that always run. */
  minTasks: number;
  maxTasks: number;
  /** Messages, waiting and in flight, for each task: 1 gives every job a task, as far as `maxTasks` goes. @default 1 */
  backlogPerTask?: number;
  /** Workers for each job while none runs, before anybody knows how long its film is. @default 1 */
  wakeWorkers?: number;
  /** Seconds between two times that tasks are added to those that run. @default 60 */
  scaleOutCooldownSeconds?: number;
  /** Seconds between two times that target tracking takes tasks away. @default 300 */
  scaleInCooldownSeconds?: number;
  /** Minutes without backlog until the farm sleeps. @default 5 */
  idleMinutes?: number;
  /** Days that the waker's log is kept. @default 30 */
  logRetentionDays?: number;
}

interface BacklogQueue {
  name: pulumi.Input<string>;
  url: pulumi.Input<string>;
  arn: pulumi.Input<string>;
}
