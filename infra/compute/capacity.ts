import type * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';

/** What runs tasks: an Auto Scaling group of GPU instances, or Fargate. Service, scaling and watch see only this. */
export interface Capacity {
  launchType: 'EC2' | 'FARGATE';
  /** How the service spreads its tasks; it must name the providers itself, as only such tasks start instances. */
  strategies: CapacityProviderStrategy[];
  /** The providers' tie to the cluster: a service is made after it and removed before it. */
  association: aws.ecs.ClusterCapacityProviders;
  /** Only for `EC2`: the group whose instances the waker orders and ends. */
  group?: {
    name: pulumi.Output<string>;
    arn: pulumi.Output<string>;
    /** Of the type with the most GPUs, as each task has one. */
    tasksPerInstance: number;
  };
  task: TaskSize;
}

export interface CapacityProviderStrategy {
  capacityProvider: pulumi.Input<string>;
  /** Tasks that run on this provider before `weight` counts. Only one strategy may have it. */
  base?: number;
  weight: number;
}

export interface TaskSize {
  /** CPU units; 1024 is one vCPU. */
  cpuUnits: number;
  memoryMib: number;
  /** GPUs of a task: 1 on GPU instances, 0 on Fargate. */
  gpus: 0 | 1;
}
