import type * as pulumi from '@pulumi/pulumi';
import type { ComputeSettings } from '../settings/compute.ts';
import type { Capacity } from './capacity.ts';
import { FargateCapacity } from './fargate.ts';
import { GpuCapacity, type GpuCapacityArgs } from './gpu.ts';

type Place = Pick<
  GpuCapacityArgs,
  'clusterName' | 'clusterArn' | 'subnetIds' | 'zones' | 'securityGroupId' | 'maxInstances' | 'tags'
>;

/** What runs the workers, of the kind that the settings ask for. */
export function createCapacity(
  name: string,
  args: Exclude<ComputeSettings, { kind: 'function' }> & Place,
  opts: pulumi.ComponentResourceOptions,
): Capacity {
  const sized = { ...args, taskCpu: args.task.cpuUnits, taskMemoryMib: args.task.memoryMib };
  return sized.kind === 'gpu'
    ? new GpuCapacity(name, sized, opts).capacity
    : new FargateCapacity(name, sized, opts).capacity;
}
