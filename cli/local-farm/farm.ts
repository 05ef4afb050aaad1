import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import type { ReporterEnvironment } from '../../reporter/settings.ts';
import type { ExtraLane } from '../../worker/src/protocol/lanes.ts';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import { type Emulator, localCredentials, type StartEmulator } from './emulator.ts';
import { startFauxqsEmulator } from './fauxqs.ts';
import type { RuleOptions } from './rules/rules.ts';

/** A farm on this machine, without workers and reporter: queue, topic and storage, and what a worker must know of them. */
export interface LocalFarm extends Emulator {
  s3: S3Client;
  /** What the cloud gives a worker's container. */
  environment: WorkerEnvironment;
  /** What it gives the function before the jobs queue beside that. */
  doorEnvironment: Partial<WorkerEnvironment>;
  /** What the cloud gives the reporter, without a webhook or a database. */
  reporterEnvironment: ReporterEnvironment;
  /** For objects, worker files and logs; removed by `close`. */
  dir: string;
}

export interface LocalFarmOptions {
  visibilityTimeoutSeconds?: number;
  /** Settings to change or add. */
  environment?: Partial<WorkerEnvironment>;
  /** Priority lanes. @default none */
  lanes?: readonly ExtraLane[];
  /** A function looks at jobs before workers do, and so many calls of it make parts beside them. @default none does */
  door?: { functionsPerFilm: number } | undefined;
  /** @default on disk, as films are large */
  storage?: 'disk' | 'memory';
  /** @default fauxqs */
  startEmulator?: StartEmulator;
  /** See `EmulatorOptions`. */
  rules?: RuleOptions | undefined;
}

export async function startLocalFarm(options: LocalFarmOptions = {}): Promise<LocalFarm> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-'));
  const startEmulator = options.startEmulator ?? startFauxqsEmulator;
  const emulator = await startEmulator({
    storageDir: options.storage === 'memory' ? undefined : join(dir, 'storage'),
    visibilityTimeoutSeconds: options.visibilityTimeoutSeconds,
    lanes: options.lanes,
    door: options.door !== undefined,
    rules: options.rules,
  });
  const s3 = new S3Client({
    endpoint: emulator.endpoint,
    region: emulator.region,
    forcePathStyle: true,
    credentials: localCredentials,
  });
  return {
    ...emulator,
    s3,
    dir,
    environment: { ...workerEnvironment(emulator, dir, options), ...options.environment },
    doorEnvironment: {
      DOOR_QUEUE_URL: emulator.doorQueueUrl,
      URGENT_DOOR_QUEUE_URL: emulator.lanes.urgent?.doorQueueUrl,
      BULK_DOOR_QUEUE_URL: emulator.lanes.bulk?.doorQueueUrl,
    },
    reporterEnvironment: {
      AWS_REGION: emulator.region,
      REPORTS_QUEUE_URL: emulator.reportsQueueUrl,
      REPORTS_DEAD_LETTER_QUEUE_URL: emulator.reportsDeadLetterQueueUrl,
      SQS_ENDPOINT: emulator.endpoint,
      REPORTS_BUCKET: emulator.reportsBucket,
      REPORTS_ENDPOINT: emulator.endpoint,
    },
    close: async () => {
      s3.destroy();
      await emulator.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function workerEnvironment(emulator: Emulator, dir: string, options: LocalFarmOptions): WorkerEnvironment {
  return {
    AWS_REGION: emulator.region,
    QUEUE_URL: emulator.queueUrl,
    DEAD_LETTER_QUEUE_URL: emulator.deadLetterQueueUrl,
    PARTS_QUEUE_URL: emulator.partsQueueUrl,
    URGENT_QUEUE_URL: emulator.lanes.urgent?.queueUrl,
    URGENT_PARTS_QUEUE_URL: emulator.lanes.urgent?.partsQueueUrl,
    BULK_QUEUE_URL: emulator.lanes.bulk?.queueUrl,
    BULK_PARTS_QUEUE_URL: emulator.lanes.bulk?.partsQueueUrl,
    SQS_ENDPOINT: emulator.endpoint,
    VISIBILITY_TIMEOUT_SECONDS: String(options.visibilityTimeoutSeconds ?? 120),
    FUNCTIONS_PER_FILM: String(options.door?.functionsPerFilm ?? 0),
    SOURCE_BUCKET: emulator.sourceBucket,
    SOURCE_ENDPOINT: emulator.endpoint,
    SOURCE_ADDRESSING: 'path',
    SOURCE_ACCESS_KEY_ID: localCredentials.accessKeyId,
    SOURCE_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
    OUTPUT_BUCKET: emulator.outputBucket,
    OUTPUT_ENDPOINT: emulator.endpoint,
    OUTPUT_ADDRESSING: 'path',
    OUTPUT_ACCESS_KEY_ID: localCredentials.accessKeyId,
    OUTPUT_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
    WORK_DIR: join(dir, 'work'),
  };
}
