import type * as pulumi from '@pulumi/pulumi';
import { type ReporterEnvironment, reporterEnvironmentSchema } from '../../reporter/settings.ts';
import type { SettingsReader } from './reader.ts';

/** What becomes of reports: webhooks, a database, or both. */
export interface ReportSettings {
  /** Plain variables of the reporter. */
  environment: Partial<Pick<ReporterEnvironment, 'WEBHOOK_URL' | 'DATABASE_CA'>>;
  webhookSecret?: pulumi.Output<string>;
  databaseUrl?: pulumi.Output<string>;
  /** Where the reporter runs, for a database in a private network. */
  network?: { vpcId: pulumi.Input<string>; subnetIds: pulumi.Input<string[]> };
}

/** @returns undefined where nobody wants reports */
export function readReports(config: SettingsReader): ReportSettings | undefined {
  const { WEBHOOK_SECRET, DATABASE_URL } = reporterEnvironmentSchema.shape;
  const looksRight = (schema: typeof WEBHOOK_SECRET | typeof DATABASE_URL) => (value: string) =>
    schema.safeParse(value).success;
  const webhookUrl = readText(config, 'webhookUrl', 'WEBHOOK_URL', 'https://www.example.com/hooks/films');
  const databaseCa = readText(config, 'databaseCa', 'DATABASE_CA', '"$(cat ca.pem)"');
  const webhookSecret = config.secret(
    'webhookSecret',
    '"whsec_" and base64 of 24 to 64 bytes',
    looksRight(WEBHOOK_SECRET),
  );
  const databaseUrl = config.secret(
    'databaseUrl',
    'a Postgres URL ("postgres://...")',
    looksRight(DATABASE_URL),
  );
  const network = readNetwork(config, databaseUrl !== undefined);
  checkSecret(config, webhookSecret !== undefined);
  if (webhookSecret === undefined && databaseUrl === undefined) return undefined;
  return {
    environment: {
      ...(webhookUrl === undefined ? {} : { WEBHOOK_URL: webhookUrl }),
      ...(databaseCa === undefined ? {} : { DATABASE_CA: databaseCa }),
    },
    webhookSecret,
    databaseUrl,
    network,
  };
}

function checkSecret(config: SettingsReader, isSet: boolean): void {
  const sendsWebhooks = config.isSet('webhookUrl') || config.text('allowJobWebhooks') === 'true';
  if (sendsWebhooks && !isSet) {
    config.reject(
      'webhookSecret',
      'is not set: without a signature anyone could send your site the news that a film is ready.',
      '"whsec_$(openssl rand -base64 32)"',
      'secret',
    );
  }
  if (isSet && !sendsWebhooks) {
    config.reject(
      'webhookUrl',
      'is not set, so webhookSecret signs nothing.',
      'https://www.example.com/hooks/films',
    );
  }
}

function readNetwork(config: SettingsReader, hasDatabase: boolean): ReportSettings['network'] {
  const vpcId = config.input('databaseVpcId', /^vpc-[0-9a-f]{8,17}$/, 'a VPC id', 'vpc-0123456789abcdef0');
  const subnetIds = config.listInput(
    'databaseSubnetIds',
    /^subnet-[0-9a-f]{8,17}$/,
    'subnet ids',
    'subnet-0123456789abcdef0',
  );
  const hasSubnets = !/^(|\[\])$/.test(config.text('databaseSubnetIds'));
  if (config.isSet('databaseVpcId') !== hasSubnets) {
    config.rejectTogether(
      'databaseVpcId and databaseSubnetIds go together: set both for a database in a private network, or neither.',
      config.toSet('databaseVpcId', 'vpc-0123456789abcdef0'),
      config.toSet('databaseSubnetIds', 'subnet-0123456789abcdef0', 'entry'),
    );
  }
  if (vpcId === undefined || subnetIds === undefined) return undefined;
  if (!hasDatabase) config.ignore('databaseVpcId', 'databaseUrl is not set');
  return hasDatabase ? { vpcId, subnetIds } : undefined;
}

function readText(
  config: SettingsReader,
  key: string,
  variable: 'WEBHOOK_URL' | 'DATABASE_CA',
  example: string,
): string | undefined {
  const value = config.text(key);
  if (value === '') return undefined;
  const parsed = reporterEnvironmentSchema.shape[variable].safeParse(value);
  if (parsed.success) return value;
  const why = [...new Set(parsed.error.issues.map(({ message }) => message))].join('; ');
  config.reject(key, `is ${JSON.stringify(value)}: ${why}.`, example);
  return undefined;
}
