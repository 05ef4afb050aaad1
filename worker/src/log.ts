import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { secretsHider } from './hide-secrets.ts';
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
  const { source, output, encryption } = settings;
  return [
    source.credentials?.accessKeyId,
    source.credentials?.secretAccessKey,
    output.credentials?.accessKeyId,
    output.credentials?.secretAccessKey,
    encryption?.secret,
  ].filter((secret): secret is string => secret !== undefined && secret !== '');
}
