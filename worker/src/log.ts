import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { webhookSecrets } from './protocol/webhook-secret.ts';
import type { Settings } from './settings/settings.ts';

export type { Logger } from 'pino';

/**
 * JSON lines on standard output. A job's lines come from `log.child({ job })`, so that its id is on every one.
 *
 * Secrets are taken out of the finished line, not out of known fields: they also travel in error messages of libraries,
 * in URLs and in stacks.
 */
export function createLogger(settings: Settings, stream: DestinationStream = destination(1)): Logger {
  const hide = secretsHider(secretsOf(settings));
  return pino(
    { level: settings.logLevel, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => stream.write(hide(line)) },
  );
}

/** Values of the settings that must never be seen. */
export function secretsOf(settings: Settings): string[] {
  const { report, source, output } = settings;
  const databasePassword = report.databaseUrl ? new URL(report.databaseUrl).password : '';
  return [
    ...(report.webhookSecret === undefined ? [] : webhookSecrets(report.webhookSecret)),
    report.databaseUrl,
    databasePassword,
    decodeURIComponent(databasePassword),
    source.credentials?.accessKeyId,
    source.credentials?.secretAccessKey,
    output.credentials?.accessKeyId,
    output.credentials?.secretAccessKey,
  ].filter((secret): secret is string => secret !== undefined && secret !== '');
}

/** Replaces each secret, also where JSON has escaped it, and what signs a presigned URL. */
export function secretsHider(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let hidden = text.replace(
      /((?:X-Amz-(?:Signature|Credential|Security-Token))=)[^&"\s\\]+/gi,
      '$1[hidden]',
    );
    for (const form of forms) hidden = hidden.replaceAll(form, '[hidden]');
    return hidden;
  };
}
