import { z } from 'zod';
import { webhookSecrets, webhookSecretsSchema } from './webhooks/secret.ts';

const url = z.url({ protocol: /^https?$/ });
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

export const reporterEnvironmentSchema = z.object({
  AWS_REGION: z.string().default('us-east-1'),

  REPORTS_QUEUE_URL: url,
  REPORTS_DEAD_LETTER_QUEUE_URL: url,
  /** Another endpoint than AWS's own, for an emulator. */
  SQS_ENDPOINT: url.optional(),

  /** Keeps what was delivered to which receiver; needed for webhooks. */
  REPORTS_BUCKET: z.string().min(1).optional(),
  REPORTS_ENDPOINT: url.optional(),

  WEBHOOK_URL: url.optional(),
  /** `whsec_` and base64, as the Standard Webhooks specification has it; several separated by spaces while keys rotate. */
  WEBHOOK_SECRET: webhookSecretsSchema.optional(),
  /** Let webhooks go to private addresses: for tests and closed networks only. */
  ALLOW_PRIVATE_WEBHOOKS: flag,

  /** TLS with a verified certificate, unless it says `sslmode=disable`. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** PEM certificates of the authority that signed the database's, where it is a private one. */
  DATABASE_CA: z
    .string()
    .regex(/-----BEGIN CERTIFICATE-----/, 'expected a certificate in PEM (-----BEGIN CERTIFICATE-----)')
    .optional(),

  /** CloudWatch namespace of the reporter's metric; none is written without it. */
  METRICS_NAMESPACE: z.string().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** Divides every wait between tries: for tests only. */
  SCHEDULE_SPEEDUP: z.coerce.number().min(1).max(100_000).default(1),
});

/** What the function or the process is given. */
export type ReporterEnvironment = z.input<typeof reporterEnvironmentSchema>;

export type ReporterSettings = ReturnType<typeof readReporterSettings>;

/** Thrown with every invalid variable at once, by name. */
export class ReporterSettingsError extends Error {
  override readonly name = 'ReporterSettingsError';
}

/** @throws ReporterSettingsError that repeats no value: most of them are secret */
export function readReporterSettings(variables: Readonly<Record<string, string | undefined>>) {
  const present = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = reporterEnvironmentSchema.safeParse(present);
  const problems = (parsed.error?.issues ?? []).map(({ path, message }) => `${String(path[0])}: ${message}`);
  if (present.WEBHOOK_SECRET !== undefined && present.REPORTS_BUCKET === undefined) {
    problems.push('REPORTS_BUCKET: not set, but needed for webhooks');
  }
  if (present.WEBHOOK_URL !== undefined && present.WEBHOOK_SECRET === undefined) {
    problems.push('WEBHOOK_SECRET: not set, but webhooks are always signed');
  }
  if (!parsed.success || problems.length > 0) {
    throw new ReporterSettingsError(
      `The reporter's settings are invalid (environment variables):\n${problems.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  const env = parsed.data;
  return {
    region: env.AWS_REGION,
    queue: {
      url: env.REPORTS_QUEUE_URL,
      deadLetterUrl: env.REPORTS_DEAD_LETTER_QUEUE_URL,
      endpoint: env.SQS_ENDPOINT,
    },
    bucket:
      env.REPORTS_BUCKET === undefined
        ? undefined
        : { name: env.REPORTS_BUCKET, endpoint: env.REPORTS_ENDPOINT },
    webhooks:
      env.WEBHOOK_SECRET === undefined
        ? undefined
        : {
            url: env.WEBHOOK_URL,
            secrets: webhookSecrets(env.WEBHOOK_SECRET),
            allowPrivate: env.ALLOW_PRIVATE_WEBHOOKS,
          },
    database: env.DATABASE_URL === undefined ? undefined : { url: env.DATABASE_URL, ca: env.DATABASE_CA },
    metricsNamespace: env.METRICS_NAMESPACE,
    logLevel: env.LOG_LEVEL,
    speedup: env.SCHEDULE_SPEEDUP,
  };
}

/** Values that must never be seen. */
export function secretsOfReporter({ webhooks, database }: ReporterSettings): string[] {
  const password = database === undefined ? '' : new URL(database.url).password;
  return [...(webhooks?.secrets ?? []), database?.url, password, decodeURIComponent(password)].filter(
    (secret): secret is string => secret !== undefined && secret !== '',
  );
}
