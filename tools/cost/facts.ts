import { UserError } from '../../cli/errors.ts';
import type { Architecture } from '../../infra/compute/worker-function.ts';
import type { Farm as WakerFarm } from '../../infra/scaling/waker/farm.ts';
import type { BackendName } from '../../infra/storage/names.ts';
import { vcpusOf } from '../../worker/src/plan/function-limits.ts';
import { readSettings, type Settings } from '../../worker/src/settings/settings.ts';
import {
  environmentOf,
  type FarmRecording,
  recordFarm,
  workerFunctionOf,
  workersOwn,
} from '../program-run/farm.ts';
import type { Inputs, Registered } from '../program-run/registered.ts';
import { loadStack } from '../program-run/stacks.ts';

/** What the costs follow from: read from what the program registers, and from nowhere else. */
export interface FarmFacts {
  /** Where the stack is deployed to, which need not be where the prices are from. */
  region: string;
  resources: readonly Registered[];
  /** The worker's own settings. */
  settings: Settings;
  source: BackendName;
  output: BackendName;
  /** Workers that always run, and the most there are. */
  minTasks: number;
  maxTasks: number;
  /** Workers that are On-Demand before Spot is used. */
  onDemandBase: number;
  spot: boolean;
  /** Instances that stand ready, stopped, while fewer run. */
  warmInstances: number;
  worker: FargateWorker | GpuWorker | FunctionWorker;
  /** Each worker, or each instance, has a public IPv4 address. */
  publicIpv4: boolean;
  /** Undefined where nothing has to be woken. */
  waker: WakerFarm | undefined;
}

export interface FargateWorker {
  kind: 'fargate';
  vcpus: number;
  memoryGb: number;
  /** Scratch space, the free 20 GB among it. */
  storageGb: number;
}

export interface FunctionWorker {
  kind: 'function';
  architecture: Architecture;
  vcpus: number;
  memoryGb: number;
  /** Of /tmp, the free half GB among it. */
  storageGb: number;
}

export interface GpuWorker {
  kind: 'gpu';
  /** The preferred one first. */
  instanceTypes: string[];
  rootVolumeGb: number;
}

/**
 * Runs the program on a stack file without a cloud.
 * @param changes of the stack's settings; undefined for one that is not set
 * @throws UserError when the file can't be read, SettingsError when the stack's config has mistakes
 */
export async function readFarm(
  file: string,
  changes: Record<string, string | undefined> = {},
): Promise<FarmFacts> {
  const stack = readStack(file, changes);
  const recording = await recordFarm(stack);
  return factsOf(recording, stack.config['aws:region'] ?? 'us-east-1');
}

function readStack(file: string, changes: Record<string, string | undefined>) {
  try {
    return loadStack(file, changes);
  } catch (error) {
    const [why] = (error as Error).message.split('\n');
    throw new UserError(`"${file}" is not a stack file: ${why}`, { cause: error });
  }
}

export function factsOf({ resources }: Pick<FarmRecording, 'resources'>, region: string): FarmFacts {
  const inputsOf = (type: string): Inputs => {
    const found = workersOwn({ resources }, type);
    if (!found) throw new UserError(`The program registered no ${type}, which the costs are read from.`);
    return found.inputs;
  };
  const settings = readSettings(environmentOf({ resources }));
  const common = {
    region,
    resources,
    settings,
    source: backendOf(settings.source.endpoint),
    output: backendOf(settings.output.endpoint),
  };
  const worker = workerFunctionOf({ resources });
  if (worker !== undefined) return { ...common, ...factsOfFunction(worker.inputs, resources) };
  const service = inputsOf('aws:ecs/service:Service');
  const target = inputsOf('aws:appautoscaling/target:Target');
  const group = resources.find(({ type }) => type === 'aws:autoscaling/group:Group')?.inputs;
  const waker = resources.find(
    ({ type, name }) => type === 'aws:lambda/function:Function' && name.endsWith('-waker'),
  );
  if (!waker) throw new UserError('The program registered no waker, which the costs are read from.');
  const { FARM } = (waker.inputs.environment as { variables: { FARM: string } }).variables;
  const network = service.networkConfiguration as { assignPublicIp?: boolean } | undefined;
  return {
    ...common,
    minTasks: Number(target.minCapacity),
    maxTasks: Number(target.maxCapacity),
    ...(group ? mixOfGroup(group) : mixOfService(service)),
    warmInstances: group ? warmPoolOf(group) : 0,
    worker: group
      ? gpuWorker(group, inputsOf('aws:ec2/launchTemplate:LaunchTemplate'))
      : fargateWorker(inputsOf('aws:ecs/taskDefinition:TaskDefinition')),
    // Instances get theirs from the subnets; the farm's own are public, and of others nothing is known.
    publicIpv4: group ? true : (network?.assignPublicIp ?? false),
    waker: JSON.parse(FARM) as WakerFarm,
  };
}

function factsOfFunction(
  { architectures, memorySize, ephemeralStorage }: Inputs,
  resources: readonly Registered[],
): Omit<FarmFacts, 'region' | 'resources' | 'settings' | 'source' | 'output'> {
  const source = resources.find(
    ({ type, name }) => type === 'aws:lambda/eventSourceMapping:EventSourceMapping' && name.endsWith('-jobs'),
  );
  const scaling = source?.inputs.scalingConfig as { maximumConcurrency: number } | undefined;
  const [architecture = 'x86_64'] = architectures as Architecture[];
  return {
    minTasks: 0,
    maxTasks: scaling?.maximumConcurrency ?? 1,
    onDemandBase: 0,
    spot: false,
    warmInstances: 0,
    worker: {
      kind: 'function',
      architecture,
      vcpus: vcpusOf(Number(memorySize)),
      memoryGb: Number(memorySize) / 1024,
      storageGb: (ephemeralStorage as { size: number }).size / 1024,
    },
    publicIpv4: false,
    waker: undefined,
  };
}

function backendOf(endpoint: string | undefined): BackendName {
  if (endpoint === undefined) return 's3';
  const host = new URL(endpoint).hostname;
  if (host.endsWith('.r2.cloudflarestorage.com')) return 'r2';
  if (host.endsWith('.wasabisys.com')) return 'wasabi';
  throw new UserError(`There are no prices for storage at ${endpoint}, only for S3, R2 and Wasabi.`);
}

interface Mix {
  onDemandBase: number;
  spot: boolean;
}

function mixOfGroup({ mixedInstancesPolicy }: Inputs): Mix {
  const { instancesDistribution } = mixedInstancesPolicy as {
    instancesDistribution: { onDemandBaseCapacity: number; onDemandPercentageAboveBaseCapacity: number };
  };
  return {
    onDemandBase: instancesDistribution.onDemandBaseCapacity,
    spot: instancesDistribution.onDemandPercentageAboveBaseCapacity < 100,
  };
}

function warmPoolOf({ warmPool }: Inputs): number {
  return (warmPool as { maxGroupPreparedCapacity: number } | undefined)?.maxGroupPreparedCapacity ?? 0;
}

function mixOfService({ capacityProviderStrategies }: Inputs): Mix {
  const strategies = capacityProviderStrategies as { capacityProvider: string; base?: number }[];
  return {
    onDemandBase: strategies.find(({ capacityProvider }) => capacityProvider === 'FARGATE')?.base ?? 0,
    spot: strategies.some(({ capacityProvider }) => capacityProvider === 'FARGATE_SPOT'),
  };
}

function fargateWorker({ cpu, memory, ephemeralStorage }: Inputs): FargateWorker {
  const { sizeInGib } = ephemeralStorage as { sizeInGib: number };
  return {
    kind: 'fargate',
    vcpus: Number(cpu) / 1024,
    memoryGb: Number(memory) / 1024,
    storageGb: sizeInGib,
  };
}

function gpuWorker({ mixedInstancesPolicy }: Inputs, { blockDeviceMappings }: Inputs): GpuWorker {
  const { launchTemplate } = mixedInstancesPolicy as {
    launchTemplate: { overrides: { instanceType: string }[] };
  };
  const [root] = blockDeviceMappings as { ebs: { volumeSize: number } }[];
  return {
    kind: 'gpu',
    instanceTypes: launchTemplate.overrides.map(({ instanceType }) => instanceType),
    rootVolumeGb: root?.ebs.volumeSize ?? 0,
  };
}
