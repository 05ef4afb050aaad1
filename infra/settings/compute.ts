import { fargateMistake } from '../compute/fargate-sizes.ts';
import { fitTask } from '../compute/instance-types.ts';
import { type ConfigReader, setLine } from './reader.ts';

export type ComputeSettings = {
  onDemandBase: number;
  spot: boolean;
  /** 0 with Fargate. */
  warmInstances: number;
  task: { cpuUnits: number; memoryMib: number };
} & ({ kind: 'fargate' } | { kind: 'gpu'; instanceTypes: string[] });

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
  existing?: { vpcId: string; subnetIds: string[] };
  /** Availability zones of an own network. */
  zones: number;
  assignPublicIp: boolean;
}

/** Types with one GPU, the cheapest job first; the later ones are there for when Spot has none of the first. */
const usualGpuTypes = ['g4dn.xlarge', 'g4dn.2xlarge', 'g6.xlarge', 'g5.xlarge'];
const usualFargateTask = { cpuUnits: 4096, memoryMib: 8192 };

export function readCompute(config: ConfigReader): ComputeSettings {
  const kind = config.choice('compute', ['fargate', 'gpu']);
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
  if (kind === 'fargate') {
    if (common.warmInstances > 0) {
      config.rejectTogether(
        `warmInstances is ${common.warmInstances}, but compute is "fargate", which has no instances to keep ready.`,
        'pulumi config rm warmInstances',
        `or ${setLine('compute', 'gpu')}`,
      );
    }
    if (types.length > 0) {
      config.rejectTogether(
        `instanceTypes is ${JSON.stringify(types)}, but compute is "fargate", which has no instances and no GPU.`,
        'pulumi config rm instanceTypes',
        `or ${setLine('compute', 'gpu')}`,
      );
    }
    const task = {
      cpuUnits: asked.cpuUnits ?? usualFargateTask.cpuUnits,
      memoryMib: asked.memoryMib ?? usualFargateTask.memoryMib,
    };
    const mistake = fargateMistake(task.cpuUnits, task.memoryMib);
    if (mistake) {
      config.rejectTogether(
        `taskCpu and taskMemoryMib: ${mistake}`,
        setLine('taskCpu', '4096'),
        setLine('taskMemoryMib', '8192'),
      );
    }
    return { kind, ...common, task };
  }
  const instanceTypes = types.length > 0 ? types : usualGpuTypes;
  try {
    return { kind, ...common, instanceTypes, task: fitTask(instanceTypes, asked) };
  } catch (error) {
    config.rejectTogether(
      error instanceof Error ? error.message : String(error),
      setLine('instanceTypes', 'g4dn.xlarge', "--path 'instanceTypes[0]'"),
    );
    return { kind, ...common, instanceTypes, task: usualFargateTask };
  }
}

export function readScaling(config: ConfigReader, compute: ComputeSettings): ScalingSettings {
  const settings = {
    minTasks: config.integer('minTasks', { min: 0, max: 100 }),
    maxTasks: config.integer('maxTasks', { min: 1, max: 100 }),
    backlogPerTask: config.integer('backlogPerTask', { min: 1, max: 1000 }),
    wakeWorkers: config.integer('wakeWorkers', { min: 1, max: 100 }),
    scaleOutCooldownSeconds: config.integer('scaleOutCooldownSeconds', { min: 0, max: 3600 }),
    scaleInCooldownSeconds: config.integer('scaleInCooldownSeconds', { min: 0, max: 3600 }),
    idleMinutes: config.integer('idleMinutes', { min: 1, max: 1440 }),
  };
  const { minTasks, maxTasks } = settings;
  const { onDemandBase } = compute;
  if (minTasks > maxTasks) {
    config.refuse('maxTasks', `is ${maxTasks}, less than minTasks ${minTasks}.`, `${minTasks}`);
  }
  if (onDemandBase > maxTasks) {
    config.refuse(
      'onDemandBase',
      `is ${onDemandBase}, more than maxTasks ${maxTasks}: there are never so many workers.`,
      `${maxTasks}`,
    );
  }
  if (compute.kind === 'gpu' && compute.warmInstances > 0) checkWarmInstances(config, compute, settings);
  return settings;
}

function checkWarmInstances(
  config: ConfigReader,
  { warmInstances, onDemandBase, spot }: ComputeSettings,
  { minTasks, maxTasks }: ScalingSettings,
): void {
  const is = `is ${warmInstances}`;
  if (warmInstances > maxTasks) {
    config.refuse(
      'warmInstances',
      `${is}, more than maxTasks ${maxTasks}: there are never so many workers.`,
      `${maxTasks}`,
    );
  } else if (warmInstances <= minTasks) {
    config.refuse(
      'warmInstances',
      `${is}, and minTasks ${minTasks}: what always runs is never stopped, so none would stand ready.`,
      '0',
    );
  } else if (spot && warmInstances > onDemandBase) {
    config.rejectTogether(
      `warmInstances ${is}, more than onDemandBase ${onDemandBase}: only On-Demand instances can stand ready.`,
      setLine('onDemandBase', `${warmInstances}`),
      `or ${setLine('spot', 'false')}`,
    );
  }
}

/** How many workers make one film together, at most. */
export function readWorkersPerFilm(config: ConfigReader, { maxTasks, wakeWorkers }: ScalingSettings): number {
  // By default one worker is always left for other people's films.
  const workers = config.integer('workersPerFilm', { min: 0, max: 100 }) || Math.max(1, maxTasks - 1);
  if (workers > maxTasks) {
    config.refuse(
      'workersPerFilm',
      `is ${workers}, more than maxTasks ${maxTasks}: there are never so many workers.`,
      `${maxTasks}`,
    );
  }
  if (wakeWorkers > workers) {
    config.refuse(
      'wakeWorkers',
      `is ${wakeWorkers}, more than workersPerFilm ${workers}: a film has no use for so many.`,
      `${workers}`,
    );
  }
  return workers;
}

export function readNetwork(config: ConfigReader): NetworkSettings {
  const vpcId = config.pattern('vpcId', /^vpc-[0-9a-f]{8,17}$/, 'a VPC id', 'vpc-0123456789abcdef0');
  const subnetIds = config.list(
    'subnetIds',
    /^subnet-[0-9a-f]{8,17}$/,
    'subnet ids',
    'subnet-0123456789abcdef0',
  );
  if ((config.text('vpcId') === '') !== /^(|\[\])$/.test(config.text('subnetIds'))) {
    config.rejectTogether(
      'vpcId and subnetIds go together: set both to work in an existing network, or neither.',
      setLine('vpcId', 'vpc-0123456789abcdef0'),
      setLine('subnetIds', 'subnet-0123456789abcdef0', "--path 'subnetIds[0]'"),
    );
  }
  return {
    existing: vpcId !== '' && subnetIds.length > 0 ? { vpcId, subnetIds } : undefined,
    zones: config.region() === 'us-west-1' ? 2 : 3, // new accounts find only two zones there
    assignPublicIp: config.flag('assignPublicIp'),
  };
}
