import { secretsHider } from '../worker/src/hide-secrets.ts';

type Fields = Readonly<Record<string, unknown>>;

/** JSON lines as the worker writes them, without the worker's logger: it is not part of the function's bundle. */
export interface ReporterLog {
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
}

const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const;

export type LogLevel = keyof typeof levels;

/** @param secrets are taken out of every line: they also travel in error messages of libraries and in URLs */
export function createReporterLog(
  level: LogLevel,
  secrets: readonly string[],
  write: (line: string) => void = (line) => process.stdout.write(line),
): ReporterLog {
  const hide = secretsHider(secrets);
  const at = (name: LogLevel) => (fields: Fields, msg: string) => {
    if (levels[name] < levels[level]) return;
    const { err, ...others } = fields;
    const error = err === undefined ? {} : { err: describe(err) };
    const line = { level: levels[name], time: new Date().toISOString(), ...others, ...error, msg };
    write(`${hide(JSON.stringify(line))}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function describe(error: unknown) {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  return { type: name, message, stack };
}
