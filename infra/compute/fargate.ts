import * as pulumi from '@pulumi/pulumi';
import type { Capacity } from './capacity.ts';

export interface FargateCapacityArgs {
  clusterName: pulumi.Input<string>;
  /** Tasks on Fargate proper before Spot is used. @default 0 */
  onDemandBase?: number;
  /** Fargate Spot above the base. @default true */
  spot?: boolean;
  /** CPU units: 256 to 16384. @default 4096 */
  taskCpu?: number;
  /** MiB, of those that Fargate allows with `taskCpu`. @default 8192 */
  taskMemoryMib?: number;
}

export declare class FargateCapacity extends pulumi.ComponentResource {
  readonly capacity: Capacity;
  constructor(name: string, args: FargateCapacityArgs, opts?: pulumi.ComponentResourceOptions);
}
