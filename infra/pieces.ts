import type * as pulumi from '@pulumi/pulumi';
import type { Network } from './compute/network.ts';
import type { WorkerSecret } from './compute/secrets.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Parts } from './jobs/parts.ts';
import type { Reports } from './reports/reports.ts';
import type { FarmSettings } from './settings/settings.ts';
import type { Storage } from './storage/backend.ts';
import type { Workers } from './workers/args.ts';

/** What a farm is made of, as its pieces know each other. Each takes what it needs of those that were made before it. */
export interface FarmPieces {
  settings: FarmSettings;
  region: pulumi.Output<string>;
  /** CloudWatch namespace of what workers and reporter measure. */
  metricsNamespace: string;
  /** Where films come from. */
  source: Storage;
  /** Where films are published. */
  output: Storage;
  jobs: Jobs;
  parts: Parts;
  /** An upload to the source starts a job. */
  uploadsStartJobs: boolean;
  /** Undefined where neither a webhook nor a database is wanted. */
  reports: Reports | undefined;
  /** Undefined where functions are the workers and no portal runs in containers. */
  network: Network | undefined;
  /** The workers' secret settings, by parameter. */
  secrets: WorkerSecret[];
  workers: Workers;
}
