import type { FarmNames } from '../../../infra/monitoring/metrics.ts';

/** Whose workers are calls of a function. */
export function functionFarm(): FarmNames {
  return { ...gpuFarm, workers: { kind: 'function', functionName: 'worker', maxCalls: 100 } };
}

/** A farm of GPU instances by its names in CloudWatch. */
export const gpuFarm: FarmNames = {
  region: 'us-east-1',
  workers: {
    kind: 'service',
    clusterName: 'farm',
    serviceName: 'worker',
    wakerName: 'waker',
    groupName: 'gpu',
  },
  jobs: { queue: 'jobs', deadLetters: 'jobs-dead' },
  parts: { queue: 'parts', deadLetters: 'parts-dead' },
  metricsNamespace: 'transcode-farm/test',
};
