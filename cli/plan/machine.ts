import { availableParallelism } from 'node:os';
import { instancePrice, prices } from '../../cost/prices.ts';
import { type EncodingWork, nvencSpeed, type Speed, x264Speed } from '../../cost/speeds.ts';
import { type InstanceTypeName, instanceTypes, isInstanceType } from '../../infra/compute/instance-types.ts';
import { UserError } from '../errors.ts';
import type { Deployed } from '../farm/deployed.ts';

/** What one worker runs on. */
export type Machine =
  | { kind: 'here'; vcpus: number }
  | { kind: 'fargate'; vcpus: number; memoryGb: number; markets: Market[] }
  | { kind: 'gpu'; instanceType: InstanceTypeName; markets: Market[] };

export type Market = 'on demand' | 'spot';

export const thisMachine: Machine = { kind: 'here', vcpus: availableParallelism() };

/** What the program takes where a stack says nothing (`infra/settings/compute.ts`). */
const usual = { task: { vcpus: 4, memoryGb: 8 }, instanceType: 'g4dn.xlarge' } as const;

/** @throws UserError for an instance type without a GPU that encodes */
export function machineOf(compute: 'fargate' | 'gpu', instanceType: string | undefined): Machine {
  const markets: Market[] = ['on demand', 'spot'];
  if (compute === 'gpu')
    return { kind: 'gpu', instanceType: known(instanceType ?? usual.instanceType), markets };
  if (instanceType === undefined) return { kind: 'fargate', ...usual.task, markets };
  throw new UserError('--instance-type is for --compute gpu: Fargate has no instances.');
}

/** The machine of a farm that is deployed; on GPU the first of its types. */
export function machineOfDeployed({ task, spot, instances }: Deployed): Machine {
  const onDemand = !spot || (instances?.onDemandBase ?? 0) > 0;
  const markets: Market[] = [...(onDemand ? ['on demand' as const] : []), ...(spot ? ['spot' as const] : [])];
  return instances
    ? { kind: 'gpu', instanceType: known(instances.types[0] ?? ''), markets }
    : { kind: 'fargate', vcpus: task.cpuUnits / 1024, memoryGb: task.memoryMib / 1024, markets };
}

export function machineName(machine: Machine): string {
  if (machine.kind === 'here') return `this machine (${machine.vcpus} processors)`;
  if (machine.kind === 'gpu') return `${machine.instanceType} (${instanceTypes[machine.instanceType].gpu})`;
  return `Fargate (${machine.vcpus} vCPU, ${machine.memoryGb} GB)`;
}

export function speedOf(machine: Machine, work: EncodingWork): Speed {
  return machine.kind === 'gpu'
    ? nvencSpeed(work, instanceTypes[machine.instanceType].gpu)
    : x264Speed(work, machine.vcpus);
}

/** Dollars for an hour of one worker; undefined where no price is known, and on this machine. */
export function hourUsd(machine: Machine, market: Market): number | undefined {
  if (machine.kind === 'here') return undefined;
  const isSpot = market === 'spot';
  if (machine.kind === 'gpu') {
    const { onDemand, spot } = instancePrice(machine.instanceType);
    const price = isSpot ? spot : onDemand;
    return price === undefined ? undefined : price / instanceTypes[machine.instanceType].gpus;
  }
  const vcpu = isSpot ? prices.fargateSpotVcpu : prices.fargateVcpu;
  const memory = isSpot ? prices.fargateSpotMemory : prices.fargateMemory;
  return machine.vcpus * vcpu.usd + machine.memoryGb * memory.usd;
}

function known(type: string): InstanceTypeName {
  if (isInstanceType(type)) return type;
  throw new UserError(
    `The instance type is "${type}"; expected one with a GPU that encodes: ${Object.keys(instanceTypes).join(', ')}.`,
  );
}
