import type * as pulumi from '@pulumi/pulumi';
import { fargateMistake } from '../compute/fargate-sizes.ts';
import { fitTask } from '../compute/instance-types.ts';
import type { Architecture } from '../compute/worker-function.ts';
import type { SettingsReader } from './reader.ts';

export type ComputeSettings = {
  onDemandBase: number;
  spot: boolean;
  /** 0 where there are no instances. */
  warmInstances: number;
  task: { cpuUnits: number; memoryMib: number };
} & (
  | { kind: 'fargate'; architecture: Architecture }
  | { kind: 'gpu'; instanceTypes: string[] }
  | { kind: 'function'; architecture: Architecture; reserveConcurrency: boolean }
);

/** Of the machines that run the worker; GPU instances are x86_64 alone. */
export function architectureOf(compute: ComputeSettings): Architecture {
  return compute.kind === 'gpu' ? 'x86_64' : compute.architecture;
}

/** A function before the jobs queue of workers in ECS. */
export interface DoorSettings {
  /** Calls that make parts of a film, beside its own. */
  functionsPerFilm: number;
  memoryMib: number;
  reserveConcurrency: boolean;
}

export interface ScalingSettings {
  minTasks: number;
  maxTasks: number;
  backlogPerTask: number;
  wakeWorkers: number;
  scaleOutCooldownSeconds: number;
  scaleInCooldownSeconds: number;
  idleMinutes: number;
}

export interface NetworkSettings {
  existing?: { vpcId: pulumi.Input<string>; subnetIds: pulumi.Input<string[]> };
  assignPublicIp: boolean;
}

/** Types with one GPU, the cheapest job first; the later ones are there for when Spot has none of the first. */
const usualGpuTypes = ['g4dn.xlarge', 'g4dn.2xlarge', 'g6.xlarge', 'g5.xlarge'];
const usualFargateTask = { cpuUnits: 4096, memoryMib: 8192 };
/** With less than 1,769 MB a function has no whole vCPU (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). */
const functionMemory = { min: 1769, max: 10_240, usual: 10_240 };

export function readCompute(config: SettingsReader): ComputeSettings {
  const kind = config.choice('compute', ['fargate', 'gpu', 'function']);
  const architecture = config.choice('architecture', ['x86_64', 'arm64']);
  const types = config.list('instanceTypes', /^[a-z0-9-]+\.[a-z0-9]+$/, 'instance types', 'g4dn.xlarge');
  const asked = {
    cpuUnits: config.integer('taskCpu', { min: 0, max: 192 * 1024 }) || undefined,
    memoryMib: config.integer('taskMemoryMib', { min: 0, max: 768 * 1024 }) || undefined,
  };
  const common = {
    onDemandBase: config.integer('onDemandBase', { min: 0, max: 100 }),
    spot: config.flag('spot'),
    warmInstances: config.integer('warmInstances', { min: 0, max: 100 }),
  };
  const reserveConcurrency = config.flag('reserveConcurrency');
  if (kind === 'function') {
    ignoreInstances(config, 'function', { types, asked, ...common });
    const task = functionTask(config, asked.memoryMib);
    return { kind, onDemandBase: 0, spot: false, warmInstances: 0, task, architecture, reserveConcurrency };
  }
  if (kind === 'fargate') {
    // Not a mistake: one line switches the compute, there and back.
    if (common.warmInstances > 0)
      config.ignore('warmInstances', 'compute is "fargate", which has no instances');
    if (types.length > 0) config.ignore('instanceTypes', 'compute is "fargate", which has no instances');
    const task = {
      cpuUnits: asked.cpuUnits ?? usualFargateTask.cpuUnits,
      memoryMib: asked.memoryMib ?? usualFargateTask.memoryMib,
    };
    const mistake = fargateMistake(task.cpuUnits, task.memoryMib);
    if (mistake) {
      config.rejectTogether(
        `taskCpu and taskMemoryMib: ${mistake}`,
        config.toSet('taskCpu', '4096'),
        config.toSet('taskMemoryMib', '8192'),
      );
    }
    return { kind, ...common, warmInstances: 0, task, architecture };
  }
  if (architecture !== 'x86_64')
    config.ignore('architecture', 'compute is "gpu", whose instance types are x86_64');
  const instanceTypes = types.length > 0 ? types : usualGpuTypes;
  try {
    return { kind, ...common, instanceTypes, task: fitTask(instanceTypes, asked) };
  } catch (error) {
    config.rejectTogether(
      error instanceof Error ? error.message : String(error),
      config.toSet('instanceTypes', 'g4dn.xlarge', 'entry'),
    );
    return { kind, ...common, instanceTypes, task: usualFargateTask };
  }
}

/** Not mistakes: one line switches the compute, there and back. */
function ignoreInstances(
  config: SettingsReader,
  kind: 'function',
  set: {
    types: string[];
    asked: { cpuUnits: number | undefined };
    onDemandBase: number;
    warmInstances: number;
  },
): void {
  const because = `compute is "${kind}", where nothing runs but calls`;
  if (set.types.length > 0) config.ignore('instanceTypes', because);
  if (set.onDemandBase > 0) config.ignore('onDemandBase', because);
  if (set.warmInstances > 0) config.ignore('warmInstances', because);
  if (set.asked.cpuUnits !== undefined)
    config.ignore('taskCpu', `compute is "${kind}", which has CPU by its memory (taskMemoryMib)`);
}

function functionTask(config: SettingsReader, asked: number | undefined) {
  const { min, max, usual } = functionMemory;
  const memoryMib = asked ?? usual;
  if (memoryMib < min || memoryMib > max) {
    config.reject(
      'taskMemoryMib',
      `is ${memoryMib}; a function has ${min} to ${max}, and one vCPU for each ${min}.`,
      `${usual}`,
    );
  }
  return { cpuUnits: Math.round((memoryMib / min) * 1024), memoryMib };
}

export function readScaling(config: SettingsReader, compute: ComputeSettings): ScalingSettings {
  const isFunction = compute.kind === 'function';
  const minTasks = config.integer('minTasks', { min: 0, max: 100 });
  if (isFunction && minTasks > 0)
    config.ignore('minTasks', 'compute is "function", which is called when there is a job');
  const settings = {
    minTasks: isFunction ? 0 : minTasks,
    maxTasks: config.integer('maxTasks', { min: 1, max: isFunction ? 1000 : 100 }),
    backlogPerTask: config.integer('backlogPerTask', { min: 1, max: 1000 }),
    wakeWorkers: config.integer('wakeWorkers', { min: 1, max: 100 }),
    scaleOutCooldownSeconds: config.integer('scaleOutCooldownSeconds', { min: 0, max: 3600 }),
    scaleInCooldownSeconds: config.integer('scaleInCooldownSeconds', { min: 0, max: 3600 }),
    idleMinutes: config.integer('idleMinutes', { min: 1, max: 1440 }),
  };
  const { maxTasks } = settings;
  const { onDemandBase } = compute;
  if (settings.minTasks > maxTasks) {
    config.reject('maxTasks', `is ${maxTasks}, less than minTasks ${minTasks}.`, `${minTasks}`);
  }
  if (onDemandBase > maxTasks) {
    config.reject(
      'onDemandBase',
      `is ${onDemandBase}, more than maxTasks ${maxTasks}: there are never that many workers.`,
      `${maxTasks}`,
    );
  }
  if (compute.kind === 'gpu' && compute.warmInstances > 0) checkWarmInstances(config, compute, settings);
  return settings;
}

function checkWarmInstances(
  config: SettingsReader,
  { warmInstances, onDemandBase, spot }: ComputeSettings,
  { minTasks, maxTasks }: ScalingSettings,
): void {
  const is = `is ${warmInstances}`;
  if (warmInstances > maxTasks) {
    config.reject(
      'warmInstances',
      `${is}, more than maxTasks ${maxTasks}: there are never that many workers.`,
      `${maxTasks}`,
    );
  } else if (warmInstances <= minTasks) {
    config.reject(
      'warmInstances',
      `${is}, and minTasks ${minTasks}: what always runs is never stopped, so none would stand ready.`,
      '0',
    );
  } else if (spot && warmInstances > onDemandBase) {
    config.rejectTogether(
      `warmInstances ${is}, more than onDemandBase ${onDemandBase}: only On-Demand instances can stand ready.`,
      config.toSet('onDemandBase', `${warmInstances}`),
      `or ${config.toSet('spot', 'false')}`,
    );
  }
}

/** @returns undefined where nothing stands before the jobs queue */
export function readDoor(config: SettingsReader, compute: ComputeSettings): DoorSettings | undefined {
  const functions = config.choice('functions', ['none', 'door']);
  const functionsPerFilm = config.integer('burstFunctions', { min: 0, max: 900 });
  const { min, max } = functionMemory;
  const memoryMib = config.integer('functionMemoryMib', { min, max });
  if (compute.kind === 'function') {
    const because = 'compute is "function", where functions make every film';
    if (functions !== 'none') config.ignore('functions', because);
    if (functionsPerFilm > 0) config.ignore('burstFunctions', because);
    return undefined;
  }
  if (functions === 'none') {
    if (functionsPerFilm > 0)
      config.rejectTogether(
        `burstFunctions is ${functionsPerFilm}, and functions "none": the function that looks at a film first calls the others.`,
        config.toSet('functions', 'door'),
        `or ${config.toSet('burstFunctions', '0')}`,
      );
    return undefined;
  }
  return { functionsPerFilm, memoryMib, reserveConcurrency: config.flag('reserveConcurrency') };
}

/** How many workers make one film together, at most. */
export function readWorkersPerFilm(
  config: SettingsReader,
  { maxTasks, wakeWorkers }: ScalingSettings,
): number {
  // By default one worker is always left for other people's films.
  const workers = config.integer('workersPerFilm', { min: 0, max: 1000 }) || Math.max(1, maxTasks - 1);
  if (workers > maxTasks) {
    config.reject(
      'workersPerFilm',
      `is ${workers}, more than maxTasks ${maxTasks}: there are never that many workers.`,
      `${maxTasks}`,
    );
  }
  if (wakeWorkers > workers) {
    config.reject(
      'wakeWorkers',
      `is ${wakeWorkers}, more than workersPerFilm ${workers}: a film has no use for that many.`,
      `${workers}`,
    );
  }
  return workers;
}

export function readNetwork(config: SettingsReader): NetworkSettings {
  const vpcId = config.input('vpcId', /^vpc-[0-9a-f]{8,17}$/, 'a VPC id', 'vpc-0123456789abcdef0');
  const subnetIds = config.listInput(
    'subnetIds',
    /^subnet-[0-9a-f]{8,17}$/,
    'subnet ids',
    'subnet-0123456789abcdef0',
  );
  const hasSubnets = !/^(|\[\])$/.test(config.text('subnetIds'));
  if (config.isSet('vpcId') !== hasSubnets) {
    config.rejectTogether(
      'vpcId and subnetIds go together: set both to work in an existing network, or neither.',
      config.toSet('vpcId', 'vpc-0123456789abcdef0'),
      config.toSet('subnetIds', 'subnet-0123456789abcdef0', 'entry'),
    );
  }
  return {
    existing: vpcId !== undefined && subnetIds !== undefined ? { vpcId, subnetIds } : undefined,
    assignPublicIp: config.flag('assignPublicIp'),
  };
}
