import type { ReporterEnvironment } from '../../reporter/settings.ts';
import { type FarmProcess, startProcess } from './process.ts';

const entry = new URL('../../reporter/main.ts', import.meta.url);

/** Settings of the process beside the reporter's own. */
export interface ReporterProcessEnvironment {
  /** Where it answers commands; by default any free port. */
  COMMAND_PORT?: string;
  /** How long a message stays hidden that a killed reporter had in hand. */
  VISIBILITY_TIMEOUT_SECONDS?: string;
}

/** What runs as a Lambda function in the cloud. */
export function startReporter(
  environment: ReporterEnvironment & ReporterProcessEnvironment,
  logFile: string,
): FarmProcess {
  const texts = Object.entries(environment).map(([name, value]) => [name, value?.toString()] as const);
  return startProcess(entry, [], Object.fromEntries(texts), logFile);
}
