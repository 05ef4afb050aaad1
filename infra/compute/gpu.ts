import * as pulumi from '@pulumi/pulumi';
import type { Capacity } from './capacity.ts';

export interface GpuCapacityArgs {
  clusterName: pulumi.Input<string>;
  subnetIds: pulumi.Input<string[]>;
  securityGroupId: pulumi.Input<string>;
  /** GPU instance types in order of preference (see `instanceTypes.ts`). */
  instanceTypes: string[];
  /** Instances on demand before Spot is used. @default 0 */
  onDemandBase?: number;
  /** Spot above the base; false: everything on demand. @default true */
  spot?: boolean;
  /** Most instances at once. */
  maxInstances: number;
  /** CPU units of a task. @default all of the smallest type */
  taskCpu?: number;
  /** MiB of a task. @default what the smallest type registers, less a reserve */
  taskMemoryMib?: number;
  /** GiB of the encrypted root volume: system, image, and scratch where the type has no NVMe. @default 100 */
  rootVolumeGib?: number;
  tags?: Record<string, string>;
}

export declare class GpuCapacity extends pulumi.ComponentResource {
  readonly capacity: Capacity;
  constructor(name: string, args: GpuCapacityArgs, opts?: pulumi.ComponentResourceOptions);
}
