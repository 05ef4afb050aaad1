import type { Capacity } from '../../../infra/compute/capacity.ts';
import { Cluster } from '../../../infra/compute/cluster.ts';
import { FargateCapacity } from '../../../infra/compute/fargate.ts';
import { GpuCapacity, type GpuCapacityArgs } from '../../../infra/compute/gpu.ts';
import { WorkerService, type WorkerServiceArgs } from '../../../infra/compute/service.ts';

export const image = `123456789012.dkr.ecr.us-east-1.amazonaws.com/worker@sha256:${'0'.repeat(64)}`;

export interface ComputeOptions {
  gpu?: Partial<GpuCapacityArgs>;
  service?: Partial<WorkerServiceArgs>;
}

/** Cluster, capacity and service, wired as the program does it. */
export function buildCompute(kind: 'gpu' | 'fargate', { gpu, service }: ComputeOptions = {}) {
  const cluster = new Cluster(`farm-${kind}`);
  const place = { subnetIds: ['subnet-1', 'subnet-2'], securityGroupId: 'sg-1' };
  const capacity: Capacity = (
    kind === 'gpu'
      ? new GpuCapacity('farm-gpu', {
          clusterName: cluster.clusterName,
          clusterArn: cluster.clusterArn,
          ...place,
          instanceTypes: ['g4dn.xlarge', 'g5.xlarge'],
          maxInstances: 3,
          ...gpu,
        })
      : new FargateCapacity('farm-fargate', { clusterName: cluster.clusterName })
  ).capacity;
  const worker = new WorkerService('farm-worker', {
    kind,
    clusterArn: cluster.clusterArn,
    capacity,
    ...place,
    assignPublicIp: true,
    image,
    environment: { QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs' },
    taskStatements: [],
    minTasks: 0,
    ...service,
  });
  return { cluster, capacity, worker };
}
