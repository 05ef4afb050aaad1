import type * as pulumi from '@pulumi/pulumi';
import type { Capacity } from '../compute/capacity.ts';
import type { Variables } from '../compute/environment.ts';
import type { Network } from '../compute/network.ts';
import type { WorkerSecret } from '../compute/secrets.ts';
import type { WorkerImage } from '../image/image.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Parts } from '../jobs/parts.ts';
import type { FarmSettings } from '../settings/settings.ts';
import type { PolicyStatement } from '../storage/backend.ts';

/** What workers are given, whatever runs them. */
export interface WorkersArgs {
  settings: FarmSettings;
  /** Undefined where functions are the workers and no portal runs in containers. */
  network: Network | undefined;
  jobs: Jobs;
  parts: Parts;
  image: WorkerImage;
  environment: Variables;
  secrets: WorkerSecret[];
  /** What a worker may do with queues, source and output. */
  statements: PolicyStatement[];
  /** The same for the function before the jobs queue. */
  doorStatements: PolicyStatement[];
  tags: Record<string, string>;
}

/** What runs the workers, as the rest of the farm knows it. */
export interface Workers {
  /** That workers work under, functions among them. */
  roleArns: pulumi.Output<string>[];
  logGroupName: pulumi.Output<string>;
  /** Workers that wait in ECS, and the waker that orders them. */
  service?: {
    clusterName: pulumi.Output<string>;
    serviceName: pulumi.Output<string>;
    serviceArn: pulumi.Output<string>;
    capacity: Capacity;
    wakerName: pulumi.Output<string>;
    wakerLogGroupName: pulumi.Output<string>;
  };
  /** The function that is a worker whenever it is called. */
  functionName?: pulumi.Output<string>;
  functionArn?: pulumi.Output<string>;
  /** The function that looks at jobs before workers in ECS do. */
  door?: {
    functionName: pulumi.Output<string>;
    logGroupName: pulumi.Output<string>;
    maxCalls: number;
  };
}
