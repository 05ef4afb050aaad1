import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FarmFunctions,
  type FarmFunctionsOptions,
  startFunctions,
} from '../../../cli/local-farm/functions/start.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/settings.ts';
import { logLines } from './worker-log.ts';

/** Functions that take the jobs of a test's farm. */
export async function functionsFor(
  { functionEnv: env }: { functionEnv: WorkerEnvironment },
  {
    env: own = {},
    dir,
    concurrency = 4,
    timeoutSeconds = 60,
    others = {},
  }: {
    env?: Partial<WorkerEnvironment>;
    dir: string;
    concurrency?: number;
    timeoutSeconds?: number;
    others?: FarmFunctionsOptions['others'];
  },
): Promise<FarmFunctions> {
  return startFunctions({
    environment: { ...env, WORKERS_PER_FILM: String(concurrency), ...own },
    // The logs of one start alone.
    dir: await mkdtemp(join(dir, 'functions-')),
    endpoint: new URL(env.QUEUE_URL).origin,
    concurrency,
    timeoutSeconds,
    others,
  });
}

/** Every line that any of the function's processes wrote. */
export function functionLog({ functions }: FarmFunctions) {
  return functions.environments.flatMap(({ log }) => logLines(log));
}
