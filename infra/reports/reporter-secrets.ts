import type * as pulumi from '@pulumi/pulumi';
import { type ReporterSecret, Secrets } from '../compute/secrets.ts';
import type { ReportSettings } from '../settings/reports.ts';

/** What the reporter signs with and opens the database with, each a parameter of its own. */
export function reporterSecrets(
  farm: string,
  { webhookSecret, databaseUrl }: ReportSettings,
  own: pulumi.ComponentResourceOptions,
): ReporterSecret[] {
  const variables = {
    ...(webhookSecret && { WEBHOOK_SECRET: webhookSecret }),
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  };
  return new Secrets<keyof typeof variables>(`${farm}-reporter`, { farm, variables }, own).references;
}
