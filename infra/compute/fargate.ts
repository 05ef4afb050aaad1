import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Capacity, CapacityProviderStrategy } from './capacity.ts';
import { fargateMistake } from './fargate-sizes.ts';

export interface FargateCapacityArgs {
  clusterName: pulumi.Input<string>;
  /** Tasks on Fargate proper before Spot is used. @default 0 */
  onDemandBase?: number;
  /** Fargate Spot above the base; false: Fargate proper for all. @default true */
  spot?: boolean;
  /** CPU units: 256 to 16384. @default 4096 */
  taskCpu?: number;
  /** MiB, of those that Fargate allows with `taskCpu`. @default 8192 */
  taskMemoryMib?: number;
}

/**
 * Capacity without instances: Fargate runs the worker on CPU (x264).
 *
 * Cost: nothing while idle. A task of 4 vCPU and 8 GiB in us-east-1 is 4 x $0.04048 + 8 x $0.004445 = $0.20 an hour, on Spot up to
 * 70 % less (https://aws.amazon.com/fargate/pricing/).
 */
export class FargateCapacity extends pulumi.ComponentResource {
  readonly capacity: Capacity;

  constructor(name: string, args: FargateCapacityArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:compute:FargateCapacity', name, {}, opts);
    const { onDemandBase = 0, spot = true, taskCpu = 4096, taskMemoryMib = 8192 } = args;
    const mistake = fargateMistake(taskCpu, taskMemoryMib);
    if (mistake) throw new Error(`FargateCapacity "${name}": ${mistake}`);
    const association = new aws.ecs.ClusterCapacityProviders(
      name,
      { clusterName: args.clusterName, capacityProviders: ['FARGATE', 'FARGATE_SPOT'] },
      { parent: this },
    );
    this.capacity = {
      launchType: 'FARGATE',
      strategies: mix(onDemandBase, spot),
      association,
      task: { cpuUnits: taskCpu, memoryMib: taskMemoryMib, gpus: 0 },
    };
    this.registerOutputs({ strategies: this.capacity.strategies, task: this.capacity.task });
  }
}

/** The first `onDemandBase` tasks on Fargate proper, the others on Spot. */
function mix(onDemandBase: number, spot: boolean): CapacityProviderStrategy[] {
  if (!spot) return [{ capacityProvider: 'FARGATE', weight: 1 }];
  const above = { capacityProvider: 'FARGATE_SPOT', weight: 1 };
  if (onDemandBase === 0) return [above];
  return [{ capacityProvider: 'FARGATE', base: onDemandBase, weight: 0 }, above];
}
