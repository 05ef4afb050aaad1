import type { FarmNames } from '../../../infra/monitoring/metrics.ts';

/** A farm of GPU instances by its names in CloudWatch. */
export const gpuFarm: FarmNames = {
  region: 'us-east-1',
  clusterName: 'farm',
  serviceName: 'worker',
  jobs: { queue: 'jobs', deadLetters: 'jobs-dead' },
  parts: { queue: 'parts', deadLetters: 'parts-dead' },
  wakerName: 'waker',
  groupName: 'gpu',
  metricsNamespace: 'transcode-farm/test',
};
