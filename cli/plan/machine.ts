import { availableParallelism } from 'node:os';
import { type InstanceTypeName, instanceTypes, isInstanceType } from '../../infra/compute/instance-types.ts';
import type { Architecture } from '../../infra/compute/worker-function.ts';
import { total } from '../../tools/cost/charge.ts';
import { instancePrice } from '../../tools/cost/prices.ts';
import { type EncodingWork, nvencSpeed, type Speed, x264Speed } from '../../tools/cost/speeds.ts';
import { workerHours } from '../../tools/cost/worker-hour.ts';
import { vcpusOf } from '../../worker/src/plan/function-limits.ts';
import type { VideoEncoder } from '../../worker/src/plan/plan.ts';
import { encoderForViews } from '../../worker/src/plan/view-presets.ts';
import type { JobOptions } from '../../worker/src/protocol/job.ts';
import type { Settings } from '../../worker/src/settings/settings.ts';
import { UserError } from '../errors.ts';
import type { Deployed } from '../farm/deployed.ts';
import type { SpotPrice } from './table-price.ts';

/** What one worker runs on. */
export type Machine =
  | { kind: 'here'; vcpus: number }
  | { kind: 'fargate'; vcpus: number; memoryGb: number; markets: Market[] }
  | { kind: 'function'; architecture: Architecture; vcpus: number; memoryGb: number; markets: Market[] }
  | { kind: 'gpu'; instanceType: InstanceTypeName; markets: Market[] };

export type Market = 'onDemand' | 'spot';

export const thisMachine: Machine = { kind: 'here', vcpus: availableParallelism() };

/** What the program takes where a stack says nothing (`infra/settings/compute.ts`). */
const usual = { task: { vcpus: 4, memoryGb: 8 }, instanceType: 'g4dn.xlarge', functionMib: 10_240 } as const;

/** @throws UserError for an instance type without a GPU that encodes */
export function machineOf(
  compute: 'fargate' | 'gpu' | 'function',
  instanceType: string | undefined,
): Machine {
  const markets: Market[] = ['onDemand', 'spot'];
  if (compute === 'gpu')
    return { kind: 'gpu', instanceType: known(instanceType ?? usual.instanceType), markets };
  if (instanceType !== undefined)
    throw new UserError('--instance-type is for --compute gpu: the others have no instances.');
  if (compute === 'function') return functionMachine(usual.functionMib, 'x86_64');
  return { kind: 'fargate', ...usual.task, markets };
}

/** The machine of a farm that is deployed; on GPU the first of its types. */
export function machineOfDeployed(deployed: Deployed): Machine {
  const { task, spot, onDemandBase, instanceTypes: types } = deployed;
  if (deployed.compute === 'function')
    return functionMachine(task.memoryMib, deployed.architecture ?? 'x86_64');
  const onDemand = !spot || onDemandBase > 0;
  const markets: Market[] = [...(onDemand ? ['onDemand' as const] : []), ...(spot ? ['spot' as const] : [])];
  return types
    ? { kind: 'gpu', instanceType: known(types[0] ?? ''), markets }
    : { kind: 'fargate', vcpus: task.cpuUnits / 1024, memoryGb: task.memoryMib / 1024, markets };
}

function functionMachine(memoryMib: number, architecture: Architecture): Machine {
  const memoryGb = memoryMib / 1024;
  return { kind: 'function', architecture, vcpus: vcpusOf(memoryMib), memoryGb, markets: ['onDemand'] };
}

export function machineName(machine: Machine): string {
  if (machine.kind === 'here') return `this machine (${machine.vcpus} processors)`;
  if (machine.kind === 'gpu') return machineSize(machine);
  if (machine.kind === 'function') return `Lambda (${machineSize(machine)}, ${machine.architecture})`;
  return `Fargate (${machineSize(machine)})`;
}

/** What one worker has. */
export function machineSize(machine: Exclude<Machine, { kind: 'here' }>): string {
  if (machine.kind === 'gpu') return `${machine.instanceType} (${instanceTypes[machine.instanceType].gpu})`;
  if (machine.kind === 'function') return `${machine.memoryGb} GB, ${machine.vcpus.toFixed(1)} vCPU`;
  return `${machine.vcpus} vCPU, ${machine.memoryGb} GB`;
}

/** What the program gives that compute; on this machine the encoder that every machine has. */
export function encoderOn(
  machine: Machine,
  { encoding }: Pick<Settings, 'encoding'>,
  job: Pick<JobOptions, 'expectedViews' | 'quality'> = {},
): VideoEncoder {
  const { encoder, x264Preset, nvencPreset } = encoding;
  const isGpu = machine.kind === 'gpu' && encoder !== 'x264';
  if (isGpu) return { name: 'nvenc', preset: nvencPreset };
  return encoderForViews({ name: 'x264', preset: x264Preset }, encoding, job);
}

export function speedOf(machine: Machine, work: EncodingWork): Speed {
  return machine.kind === 'gpu'
    ? nvencSpeed(work, instanceTypes[machine.instanceType].gpu)
    : x264Speed(work, machine.vcpus);
}

/** What encodes in software, as VP9 everywhere. */
export function vcpusOfMachine(machine: Machine): number {
  return machine.kind === 'gpu' ? instanceTypes[machine.instanceType].vcpus : machine.vcpus;
}

/** GB of scratch space of a task, and of an instance's root volume (`infra/compute/`). */
const diskGb = 50;
const functionDiskGb = 10;

/**
 * Dollars for an hour of one worker; undefined where no price is known, and on this machine.
 * @param spot of an instance, instead of the table's
 */
export function hourUsd(
  machine: Machine,
  market: Market,
  spot?: Pick<SpotPrice, 'from' | 'to'>,
): number | undefined {
  if (machine.kind === 'here') return undefined;
  const worker =
    machine.kind === 'gpu'
      ? { kind: machine.kind, instanceTypes: [machine.instanceType], rootVolumeGb: diskGb }
      : { ...machine, storageGb: machine.kind === 'function' ? functionDiskGb : diskGb };
  const priceOf = (type: string) => ({ ...instancePrice(type), ...(spot && { spot }) });
  const charges = workerHours({ worker, publicIpv4: true }, priceOf).at(0)?.[market];
  return charges && total(charges);
}

function known(type: string): InstanceTypeName {
  if (isInstanceType(type)) return type;
  throw new UserError(
    `The instance type is "${type}"; expected one with a GPU that encodes: ${Object.keys(instanceTypes).join(', ')}.`,
  );
}
