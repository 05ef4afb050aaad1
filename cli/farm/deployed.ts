import {
  type AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  type Service,
} from '@aws-sdk/client-ecs';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { UserError } from '../errors.ts';
import type { FarmAddress } from './address.ts';
import { readWorkerFunction } from './deployed-function.ts';

/** What a farm's workers are, asked of AWS itself: what is deployed counts, not what a file says. */
export interface Deployed {
  compute: 'fargate' | 'gpu' | 'function';
  /** Of one worker. 1024 CPU units are one vCPU. */
  task: { cpuUnits: number; memoryMib: number };
  /** Of a function. */
  architecture?: 'x86_64' | 'arm64';
  image: string;
  /** The worker's plain settings. */
  environment: Record<string, string>;
  /** SSM parameters that hold its secret settings, by variable. */
  secretParameters: Record<string, string>;
  /** Whether some of the capacity is Spot. */
  spot: boolean;
  /** Machines on demand before Spot is used: instances with `compute: gpu`, tasks on Fargate. */
  onDemandBase: number;
  /** Machines at once; undefined on Fargate where outputs of an earlier version lack it. */
  most?: number;
  /** With `compute: gpu`, the preferred first. */
  instanceTypes?: string[];
}

interface Clients {
  ecs: ECSClient;
  autoScaling: AutoScalingClient;
  lambda?: LambdaClient;
}

/**
 * @returns undefined for a farm on this machine, and for outputs that don't name the service
 * @throws UserError when the service is not there
 */
export async function readDeployed(
  { ecs, autoScaling, lambda }: Clients,
  address: Pick<
    FarmAddress,
    'clusterName' | 'serviceName' | 'groupName' | 'functionName' | 'maxTasks' | 'workersPerFilm'
  >,
): Promise<Deployed | undefined> {
  if (lambda !== undefined && address.functionName !== undefined)
    return readWorkerFunction(lambda, address.functionName, address);
  const service = await readService({ ecs }, address);
  if (service === undefined) return undefined;
  const { taskDefinition } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: service.taskDefinition }),
  );
  const container = taskDefinition?.containerDefinitions?.[0];
  const group = address.groupName ? await readGroup({ autoScaling }, address.groupName) : undefined;
  return {
    compute: group ? 'gpu' : 'fargate',
    task: { cpuUnits: Number(taskDefinition?.cpu ?? 0), memoryMib: Number(taskDefinition?.memory ?? 0) },
    image: container?.image ?? '',
    environment: Object.fromEntries([
      ...(container?.environment ?? []).map(({ name, value }) => [name, value ?? '']),
      // From a parameter in AWS, which has the same number.
      ...(address.workersPerFilm ? [['WORKERS_PER_FILM', String(address.workersPerFilm)]] : []),
    ]),
    secretParameters: Object.fromEntries(
      (container?.secrets ?? []).map(({ name, valueFrom }) => [name, valueFrom ?? '']),
    ),
    ...(group ? mixOfGroup(group) : { ...mixOfService(service), most: address.maxTasks }),
  };
}

type Mix = Pick<Deployed, 'spot' | 'onDemandBase' | 'most' | 'instanceTypes'>;

function mixOfGroup({ MaxSize, MixedInstancesPolicy = {} }: AutoScalingGroup): Mix {
  const { InstancesDistribution: mix, LaunchTemplate: template } = MixedInstancesPolicy;
  return {
    spot: (mix?.OnDemandPercentageAboveBaseCapacity ?? 100) < 100,
    onDemandBase: mix?.OnDemandBaseCapacity ?? 0,
    most: MaxSize ?? 0,
    instanceTypes: (template?.Overrides ?? []).flatMap(({ InstanceType }) => InstanceType ?? []),
  };
}

function mixOfService({ capacityProviderStrategy: strategies = [] }: Service): Mix {
  const of = (provider: string) => strategies.find(({ capacityProvider }) => capacityProvider === provider);
  return { spot: of('FARGATE_SPOT') !== undefined, onDemandBase: of('FARGATE')?.base ?? 0 };
}

/** @throws UserError when it is not there */
export async function readService(
  { ecs }: Pick<Clients, 'ecs'>,
  { clusterName, serviceName }: Pick<FarmAddress, 'clusterName' | 'serviceName'>,
): Promise<Service | undefined> {
  if (!clusterName || !serviceName) return undefined;
  const { services } = await ecs.send(
    new DescribeServicesCommand({ cluster: clusterName, services: [serviceName] }),
  );
  const [service] = services ?? [];
  if (service?.status === 'ACTIVE') return service;
  throw new UserError(
    `The service ${serviceName} in cluster ${clusterName} is ${service?.status ?? 'not there'}. Run "pulumi up", and save its outputs again.`,
  );
}

export async function readGroup({ autoScaling }: Pick<Clients, 'autoScaling'>, name: string) {
  const { AutoScalingGroups } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  return AutoScalingGroups?.[0];
}
