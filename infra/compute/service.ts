import * as pulumi from '@pulumi/pulumi';
import type { WorkerEnvironment } from '../../worker/src/settings.ts';
import type { Capacity } from './capacity.ts';

export type WorkerVariables = Partial<Record<keyof WorkerEnvironment, pulumi.Input<string>>>;

export interface WorkerServiceArgs {
  clusterArn: pulumi.Input<string>;
  clusterName: pulumi.Input<string>;
  capacity: Capacity;
  subnetIds: pulumi.Input<string[]>;
  securityGroupId: pulumi.Input<string>;
  /** Public addresses for Fargate tasks: needed in public subnets without NAT. */
  assignPublicIp: boolean;
  /** The worker's image, by digest. */
  image: pulumi.Input<string>;
  /** Plain environment. `WORK_DIR`, `ENCODER` and the NVIDIA variables are set by the service itself. */
  environment: WorkerVariables;
  /** Secret VALUES: each becomes an SSM SecureString parameter and reaches the container by its ARN. */
  secrets?: WorkerVariables;
  /** What the task may do: queue, source and output (from jobs and storage). */
  statements: pulumi.Input<PolicyStatement>[];
  /** Tasks at the start, before scaling takes over. */
  minTasks: number;
  /** GiB of scratch for each Fargate task: 21 to 200. @default 50 */
  scratchGib?: number;
  /** Days that logs are kept. @default 30 */
  logRetentionDays?: number;
  tags?: Record<string, string>;
}

/** One statement of an IAM policy, as IAM's JSON has it. */
export interface PolicyStatement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: pulumi.Input<string> | pulumi.Input<string>[];
  Condition?: Record<string, Record<string, pulumi.Input<string> | pulumi.Input<string>[]>>;
}

export declare class WorkerService extends pulumi.ComponentResource {
  readonly serviceName: pulumi.Output<string>;
  readonly serviceArn: pulumi.Output<string>;
  readonly taskRoleArn: pulumi.Output<string>;
  readonly taskRoleName: pulumi.Output<string>;
  readonly taskDefinitionArn: pulumi.Output<string>;
  readonly logGroupName: pulumi.Output<string>;
  constructor(name: string, args: WorkerServiceArgs, opts?: pulumi.ComponentResourceOptions);
}
