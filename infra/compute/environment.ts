import type * as pulumi from '@pulumi/pulumi';
import type { ExtraLane } from '../../worker/src/protocol/lanes.ts';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import type { FarmSettings } from '../settings/settings.ts';
import type { Storage } from '../storage/backend.ts';
import { holdSeconds } from './worker-function.ts';

/** Variables of the worker's container, with values that may still be on their way. */
export type Variables = Partial<Record<keyof WorkerEnvironment, pulumi.Input<string>>>;

type Lanes = Partial<Record<ExtraLane, { url: pulumi.Input<string> }>>;

type Queues = Record<'queue' | 'deadLetters', { url: pulumi.Input<string> }>;

interface Parts {
  settings: Pick<FarmSettings, 'storage' | 'worker' | 'reports' | 'door'>;
  region: pulumi.Input<string>;
  jobs: Queues & { lanes?: Lanes };
  parts: Pick<Queues, 'queue'> & { lanes?: Lanes };
  /** Undefined where nobody wants reports. */
  reports?: Pick<Queues, 'queue'>;
  source: Storage;
  output: Storage;
  metricsNamespace: string;
}

/** The worker's plain settings. */
export function workerEnvironment(parts: Parts): Variables {
  const { settings, source, output } = parts;
  const { sourcePrefix, sourceSuffixes, outputPrefix } = settings.storage;
  return withoutGaps({
    ...settings.worker,
    AWS_REGION: parts.region,
    QUEUE_URL: parts.jobs.queue.url,
    DEAD_LETTER_QUEUE_URL: parts.jobs.deadLetters.url,
    PARTS_QUEUE_URL: parts.parts.queue.url,
    URGENT_QUEUE_URL: parts.jobs.lanes?.urgent?.url,
    URGENT_PARTS_QUEUE_URL: parts.parts.lanes?.urgent?.url,
    BULK_QUEUE_URL: parts.jobs.lanes?.bulk?.url,
    BULK_PARTS_QUEUE_URL: parts.parts.lanes?.bulk?.url,
    FUNCTIONS_PER_FILM: settings.door && String(settings.door.functionsPerFilm),
    // Those of the functions that share films with them: one's must not look stale to the other.
    LEASE_SECONDS: settings.door && String(holdSeconds / 2),
    REPORTS_QUEUE_URL: parts.reports?.queue.url,
    REPORT_PROGRESS: settings.reports?.databaseUrl ? 'true' : undefined,
    SOURCE_BUCKET: source.bucket,
    SOURCE_REGION: source.region,
    SOURCE_ENDPOINT: source.endpoint,
    SOURCE_ADDRESSING: source.addressing,
    SOURCE_CHECKSUMS: source.checksums,
    SOURCE_PREFIX: sourcePrefix || undefined,
    SOURCE_SUFFIXES: sourceSuffixes.join(',') || undefined,
    OUTPUT_BUCKET: output.bucket,
    OUTPUT_REGION: output.region,
    OUTPUT_ENDPOINT: output.endpoint,
    OUTPUT_ADDRESSING: output.addressing,
    OUTPUT_CHECKSUMS: output.checksums,
    OUTPUT_CONDITIONAL_WRITES: String(output.conditionalWrites) as 'true' | 'false',
    OUTPUT_PREFIX: outputPrefix || undefined,
    OUTPUT_PUBLIC_URL: output.publicUrl,
    METRICS_NAMESPACE: parts.metricsNamespace,
  });
}

/** The worker's secret settings: keys of storage, and what keys of films come of. Those of webhooks and database are the reporter's. */
export function workerSecrets({
  source,
  output,
  encryptionSecret,
}: Pick<Parts, 'source' | 'output'> & Pick<FarmSettings, 'encryptionSecret'>): Variables {
  return withoutGaps({
    ENCRYPTION_SECRET: encryptionSecret,
    SOURCE_ACCESS_KEY_ID: source.credentials?.accessKeyId,
    SOURCE_SECRET_ACCESS_KEY: source.credentials?.secretAccessKey,
    OUTPUT_ACCESS_KEY_ID: output.credentials?.accessKeyId,
    OUTPUT_SECRET_ACCESS_KEY: output.credentials?.secretAccessKey,
  });
}

function withoutGaps(
  variables: Partial<Record<keyof WorkerEnvironment, pulumi.Input<string> | undefined>>,
): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}
