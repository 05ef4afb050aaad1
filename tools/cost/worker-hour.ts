import { UserError } from '../../cli/errors.ts';
import { instanceTypes, isInstanceType } from '../../infra/compute/instance-types.ts';
import { type Charge, charge, times } from './charge.ts';
import type { FargateWorker, FarmFacts, FunctionWorker, GpuWorker } from './facts.ts';
import { hoursPerMonth, instancePrice } from './prices.ts';

/** What one worker may run on, and what an hour of it costs. */
export interface WorkerHour {
  /** Such as `g4dn.xlarge` or `Fargate, 4 vCPU and 8 GB`. */
  name: string;
  onDemand: Charge[];
  /** Undefined where no figure is known. */
  spot?: Charge[];
}

/**
 * One line for each kind of machine that the stack may use, the preferred first. An instance with several GPUs runs as many workers, which
 * share its price.
 * @param priceOf an instance type, where the table's prices are not to be taken
 * @throws UserError for an instance type without a price
 */
export function workerHours(
  { worker, publicIpv4 }: Pick<FarmFacts, 'worker' | 'publicIpv4'>,
  priceOf = instancePrice,
): WorkerHour[] {
  const address = publicIpv4 ? [charge('publicIpv4', 1, 'public IPv4 address')] : [];
  if (worker.kind === 'function') return [functionHour(worker)];
  return worker.kind === 'fargate'
    ? [fargateHour(worker, address)]
    : worker.instanceTypes.map((type) => instanceHour(type, priceOf(type), worker, address));
}

/** Storage that each Fargate task has for nothing, in GB: https://aws.amazon.com/fargate/pricing/ */
const freeStorageGb = 20;

function fargateHour({ vcpus, memoryGb, storageGb }: FargateWorker, address: Charge[]): WorkerHour {
  const rest = [
    charge('fargateStorage', Math.max(0, storageGb - freeStorageGb), 'scratch space above 20 GB'),
    ...address,
  ];
  return {
    name: `Fargate, ${vcpus} vCPU and ${memoryGb} GB`,
    onDemand: [charge('fargateVcpu', vcpus, 'vCPUs'), charge('fargateMemory', memoryGb, 'memory'), ...rest],
    spot: [
      charge('fargateSpotVcpu', vcpus, 'vCPUs, Spot'),
      charge('fargateSpotMemory', memoryGb, 'memory, Spot'),
      ...rest,
    ],
  };
}

/** Storage that each function has for nothing, in GB: https://aws.amazon.com/lambda/pricing/ */
const freeFunctionGb = 0.5;

/** By the millisecond, the start of its process too. */
function functionHour({ architecture, vcpus, memoryGb, storageGb }: FunctionWorker): WorkerHour {
  const duration = architecture === 'arm64' ? 'lambdaDuration' : 'lambdaDurationX86';
  return {
    name: `Lambda, ${memoryGb} GB (${vcpus.toFixed(1)} vCPU, ${architecture})`,
    onDemand: [
      charge(duration, 3600 * memoryGb, 'memory'),
      charge('lambdaStorage', 3600 * Math.max(0, storageGb - freeFunctionGb), 'scratch space above 0.5 GB'),
    ],
  };
}

function instanceHour(
  type: string,
  price: ReturnType<typeof instancePrice>,
  { rootVolumeGb }: GpuWorker,
  address: Charge[],
): WorkerHour {
  if (!isInstanceType(type)) throw new UserError(`The program knows no instance type "${type}".`);
  const volume = times(1 / hoursPerMonth, charge('ebsGp3', rootVolumeGb, 'root volume'));
  const shared = (usdEach: number, what: string): Charge[] =>
    [{ what, quantity: 1, per: 'hour', usdEach, usd: usdEach }, volume, ...address].map((one) =>
      times(1 / instanceTypes[type].gpus, one),
    );
  return {
    name: type,
    onDemand: shared(price.onDemand, type),
    ...(price.spot === undefined ? {} : { spot: shared(price.spot.to, `${type}, Spot`) }),
  };
}

/** Whether this stack buys On-Demand, Spot or both. */
export function marketsOf({ onDemandBase, spot }: FarmFacts): ('onDemand' | 'spot')[] {
  return [
    ...(onDemandBase > 0 || !spot ? (['onDemand'] as const) : []),
    ...(spot ? (['spot'] as const) : []),
  ];
}

/** The workers that always run, for an hour: On-Demand up to the base, Spot above it where that is used and has a price. */
export function standingHour(farm: FarmFacts): Charge[] {
  const [first] = workerHours(farm);
  if (!first || farm.minTasks === 0) return [];
  const onDemand = farm.spot ? Math.min(farm.minTasks, farm.onDemandBase) : farm.minTasks;
  return [
    ...first.onDemand.map((one) => times(onDemand, one)),
    ...(first.spot ?? first.onDemand).map((one) => times(farm.minTasks - onDemand, one)),
  ].filter(({ quantity }) => quantity > 0);
}
