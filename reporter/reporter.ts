import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { renewExpiredCredentials } from '../worker/src/storage/renew-credentials.ts';
import type { Target } from './attempt.ts';
import { BatchRecords } from './batches/records.ts';
import { BatchTarget } from './batches/target.ts';
import { runCommand } from './commands.ts';
import { readMigrations } from './database/migrate.ts';
import { DatabaseTarget } from './database/target.ts';
import { createHandler, type ReportTarget } from './handle.ts';
import { createReporterLog, type ReporterLog } from './log.ts';
import { lateReportLine } from './metrics.ts';
import { type ReportMessage, ReportsQueue } from './queue.ts';
import { type ReporterSettings, secretsOfReporter } from './settings.ts';
import { DeliveryRecords } from './webhooks/records.ts';
import { WebhookTarget } from './webhooks/target.ts';

/** Delivers reports to webhooks and to Postgres: as a Lambda function (lambda.ts) or as a process (main.ts). */
export interface Reporter {
  log: ReporterLog;
  queue: ReportsQueue;
  /** @throws where the message must come back */
  handle(message: ReportMessage): Promise<void>;
  /** What `farm` asks, see `commandSchema`. */
  command(event: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export async function openReporter(settings: ReporterSettings): Promise<Reporter> {
  const { webhooks, database, bucket, speedup, metricsNamespace } = settings;
  const log = createReporterLog(settings.logLevel, secretsOfReporter(settings));
  const { region } = settings;
  const sqs = new SQSClient({
    region,
    endpoint: settings.queue.endpoint,
    // Longer than the longest poll, so that only a dead connection is given up.
    requestHandler: { connectionTimeout: 5000, socketTimeout: 30_000 },
  });
  renewExpiredCredentials(sqs);
  const queue = new ReportsQueue(sqs, settings.queue);
  const targets = new Map<Target, ReportTarget>();
  let s3: S3Client | undefined;
  if (webhooks !== undefined && bucket !== undefined) {
    const emulated = bucket.endpoint === undefined ? {} : { endpoint: bucket.endpoint, forcePathStyle: true };
    s3 = new S3Client({
      region,
      ...emulated,
      requestHandler: { connectionTimeout: 5000, socketTimeout: 10_000 },
    });
    renewExpiredCredentials(s3);
    const records = new DeliveryRecords(s3, bucket.name);
    targets.set('webhook', new WebhookTarget({ ...webhooks, records, log, speedup }));
    const batches = new BatchRecords(s3, bucket.name);
    targets.set('batch', new BatchTarget({ ...webhooks, records: batches, log, speedup }));
  }
  const rows =
    database && new DatabaseTarget({ ...database, migrations: await readMigrations(), log, speedup });
  if (rows !== undefined) targets.set('database', rows);
  const onFailure = (ageSeconds: number) => {
    if (metricsNamespace === undefined) return;
    process.stdout.write(`${JSON.stringify(lateReportLine(metricsNamespace, ageSeconds, new Date()))}\n`);
  };
  return {
    log,
    queue,
    handle: createHandler({ queue, targets, log, onFailure }),
    command: (event) => runCommand(event, settings, queue),
    async close() {
      await rows?.close();
      s3?.destroy();
      sqs.destroy();
    },
  };
}
