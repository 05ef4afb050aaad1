/** What an EC2 instance type offers its tasks. Source: https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html */
export interface InstanceType {
  vcpus: number;
  memoryGib: number;
  gpus: number;
  gpu: 'T4' | 'A10G' | 'L4' | 'L40S';
  /** Instance store: scratch space that costs nothing extra. */
  nvmeGb: number;
}

/**
 * The x86 types with an NVIDIA GPU that encodes video. Not listed, and refused: g4ad (AMD), g5g (Arm: the image is x86), and
 * the p types, whose A100 and H100 have no encoder (https://developer.nvidia.com/video-encode-decode-support-matrix).
 */
export const instanceTypes = {
  'g4dn.xlarge': { vcpus: 4, memoryGib: 16, gpus: 1, gpu: 'T4', nvmeGb: 125 },
  'g4dn.2xlarge': { vcpus: 8, memoryGib: 32, gpus: 1, gpu: 'T4', nvmeGb: 225 },
  'g4dn.4xlarge': { vcpus: 16, memoryGib: 64, gpus: 1, gpu: 'T4', nvmeGb: 225 },
  'g4dn.8xlarge': { vcpus: 32, memoryGib: 128, gpus: 1, gpu: 'T4', nvmeGb: 900 },
  'g4dn.12xlarge': { vcpus: 48, memoryGib: 192, gpus: 4, gpu: 'T4', nvmeGb: 900 },
  'g5.xlarge': { vcpus: 4, memoryGib: 16, gpus: 1, gpu: 'A10G', nvmeGb: 250 },
  'g5.2xlarge': { vcpus: 8, memoryGib: 32, gpus: 1, gpu: 'A10G', nvmeGb: 450 },
  'g5.4xlarge': { vcpus: 16, memoryGib: 64, gpus: 1, gpu: 'A10G', nvmeGb: 600 },
  'g5.8xlarge': { vcpus: 32, memoryGib: 128, gpus: 1, gpu: 'A10G', nvmeGb: 900 },
  'g5.12xlarge': { vcpus: 48, memoryGib: 192, gpus: 4, gpu: 'A10G', nvmeGb: 3800 },
  'g6.xlarge': { vcpus: 4, memoryGib: 16, gpus: 1, gpu: 'L4', nvmeGb: 250 },
  'g6.2xlarge': { vcpus: 8, memoryGib: 32, gpus: 1, gpu: 'L4', nvmeGb: 450 },
  'g6.4xlarge': { vcpus: 16, memoryGib: 64, gpus: 1, gpu: 'L4', nvmeGb: 600 },
  'g6.8xlarge': { vcpus: 32, memoryGib: 128, gpus: 1, gpu: 'L4', nvmeGb: 900 },
  'g6.12xlarge': { vcpus: 48, memoryGib: 192, gpus: 4, gpu: 'L4', nvmeGb: 3760 },
  'g6e.xlarge': { vcpus: 4, memoryGib: 32, gpus: 1, gpu: 'L40S', nvmeGb: 250 },
  'g6e.2xlarge': { vcpus: 8, memoryGib: 64, gpus: 1, gpu: 'L40S', nvmeGb: 450 },
  'g6e.4xlarge': { vcpus: 16, memoryGib: 128, gpus: 1, gpu: 'L40S', nvmeGb: 600 },
  'g6e.8xlarge': { vcpus: 32, memoryGib: 256, gpus: 1, gpu: 'L40S', nvmeGb: 900 },
  'g6e.12xlarge': { vcpus: 48, memoryGib: 384, gpus: 4, gpu: 'L40S', nvmeGb: 3800 },
} as const satisfies Record<string, InstanceType>;

export type InstanceTypeName = keyof typeof instanceTypes;

export function isInstanceType(name: string): name is InstanceTypeName {
  return Object.hasOwn(instanceTypes, name);
}

/**
 * What ECS can place on an instance is less than its nominal memory: kernel, driver and agent take some first. Seen were 15759 MiB on
 * g4dn.xlarge and g5.xlarge and 15339 on g6.xlarge, of 16384: 6 % less. An eighth keeps clear of that.
 */
const placeableShare = 7 / 8;

export interface TaskShare {
  /** CPU units; 1024 is one vCPU. */
  cpuUnits: number;
  memoryMib: number;
}

/**
 * The biggest task with one GPU that fits every one of the types: ECS managed scaling starts no instance for a task that does not fit
 * the smallest type of the group (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/asg-capacity-providers.html).
 */
export function largestTask(types: readonly InstanceTypeName[]): TaskShare {
  const shares = types.map((name) => instanceTypes[name]);
  return {
    cpuUnits: Math.min(...shares.map(({ vcpus, gpus }) => (vcpus * 1024) / gpus)),
    memoryMib: Math.floor(
      Math.min(...shares.map(({ memoryGib, gpus }) => (memoryGib * 1024 * placeableShare) / gpus)),
    ),
  };
}

/**
 * The task's size on instances of these types: what was asked for, else the largest.
 * @throws Error that names the smallest type and what it allows
 */
export function fitTask(names: readonly string[], asked: Partial<TaskShare> = {}): TaskShare {
  const types = names.filter(isInstanceType);
  const unknown = names.filter((name) => !isInstanceType(name));
  if (unknown.length > 0 || types.length === 0) {
    throw new Error(
      `"instanceTypes" is ${JSON.stringify(names)}; expected one or more of ${Object.keys(instanceTypes).join(', ')}.`,
    );
  }
  const largest = largestTask(types);
  const size = {
    cpuUnits: asked.cpuUnits ?? largest.cpuUnits,
    memoryMib: asked.memoryMib ?? largest.memoryMib,
  };
  if (size.cpuUnits > largest.cpuUnits || size.memoryMib > largest.memoryMib) {
    throw new Error(
      `A task of ${size.cpuUnits} CPU units and ${size.memoryMib} MiB does not fit the smallest of ${types.join(', ')}: at most ${largest.cpuUnits} units and ${largest.memoryMib} MiB. Ask for less, or list only larger instance types.`,
    );
  }
  return size;
}

/** GPUs of the type that has the most. Names that are not in the list are refused by `fitTask`. */
export function maxGpus(names: readonly string[]): number {
  return Math.max(...names.filter(isInstanceType).map((name) => instanceTypes[name].gpus));
}
