import * as pulumi from '@pulumi/pulumi';
import type { Capacity } from '../compute/capacity.ts';

export interface ScalingArgs {
  clusterName: pulumi.Input<string>;
  clusterArn: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  serviceArn: pulumi.Input<string>;
  capacity: Capacity;
  /** The queues whose messages are the backlog. */
  queues: BacklogQueue[];
  /** Jobs and bucket events pass here: the waker listens. */
  topicArn: pulumi.Input<string>;
  minTasks: number;
  maxTasks: number;
  /** Messages (waiting and in flight) for each task. @default 1 */
  backlogPerTask?: number;
  /** @default 60 */
  scaleOutCooldownSeconds?: number;
  /** @default 300 */
  scaleInCooldownSeconds?: number;
  /** Minutes without backlog until the farm sleeps. @default 5 */
  idleMinutes?: number;
  /** @default 30 */
  logRetentionDays?: number;
  tags?: Record<string, string>;
}

export interface BacklogQueue {
  name: pulumi.Input<string>;
  url: pulumi.Input<string>;
  arn: pulumi.Input<string>;
}

export declare class Scaling extends pulumi.ComponentResource {
  readonly wakerName: pulumi.Output<string>;
  readonly wakerLogGroupName: pulumi.Output<string>;
  constructor(name: string, args: ScalingArgs, opts?: pulumi.ComponentResourceOptions);
}
