import type { Logger } from '../log.ts';
import { webhookSecrets } from '../protocol/webhook-secret.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';
import { createDatabase } from './database.ts';
import { createMetrics } from './metrics.ts';
import { readMigrations } from './migrate.ts';
import type { Sink } from './sink.ts';
import { createStatusFiles } from './status-file.ts';
import { createWebhooks } from './webhook.ts';

/** The places where jobs are reported, as far as the settings name them. */
export async function openSinks(settings: Settings, output: Store, log: Logger): Promise<Sink[]> {
  const {
    webhookUrl,
    webhookSecret,
    allowPrivateWebhooks,
    databaseUrl,
    databaseCa,
    metricsNamespace,
    publishMetadata,
  } = settings.report;
  const sinks: Sink[] = [createStatusFiles(output, settings.output.prefix, log, { publishMetadata })];
  if (webhookSecret !== undefined) {
    sinks.push(
      createWebhooks({
        ...(webhookUrl === undefined ? {} : { url: webhookUrl }),
        secrets: webhookSecrets(webhookSecret),
        allowPrivate: allowPrivateWebhooks,
        log,
      }),
    );
  }
  if (databaseUrl !== undefined) {
    const database = createDatabase({
      url: databaseUrl,
      ca: databaseCa,
      migrations: await readMigrations(),
      log,
    });
    // Not awaited: a database that is down must not keep the worker from starting.
    void database.migrated();
    sinks.push(database);
  }
  if (metricsNamespace !== undefined) {
    sinks.push(createMetrics(metricsNamespace, (line) => process.stdout.write(line)));
  }
  return sinks;
}
