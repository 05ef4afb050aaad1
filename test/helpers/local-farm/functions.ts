import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type FarmFunctions,
  type FarmFunctionsOptions,
  startFunctions,
} from '../../../cli/local-farm/functions/start.ts';

import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { patience } from '../strictness.ts';
import type { TestFarm } from './local-farm.ts';
import { logLines } from './worker-log.ts';

/** Functions that take the jobs of a test's farm, until it disposes of them, or ends: others would lose their jobs to them. */
export async function functionsFor(
  { functionEnv: env, functions: running }: Pick<TestFarm, 'functionEnv' | 'functions'>,
  {
    env: own = {},
    dir,
    concurrency = 3,
    timeoutSeconds = 60 * patience,
    others = {},
  }: {
    env?: Partial<WorkerEnvironment>;
    dir: string;
    concurrency?: number;
    timeoutSeconds?: number;
    others?: FarmFunctionsOptions['others'];
  },
): Promise<FarmFunctions> {
  const started = await startFunctions({
    environment: { ...env, WORKERS_PER_FILM: String(concurrency), ...own },
    // The logs of one start alone.
    dir: await mkdtemp(join(dir, 'functions-')),
    endpoint: new URL(env.QUEUE_URL).origin,
    concurrency,
    timeoutSeconds,
    others,
  });
  running.add(started.functions);
  let closing: Promise<void> | undefined;
  const close = async () => {
    closing ??= Promise.resolve(started[Symbol.asyncDispose]());
    await closing;
    running.delete(started.functions);
  };
  onTestFinished(close);
  return { functions: started.functions, [Symbol.asyncDispose]: close };
}

/** Every line that any of the function's processes wrote. */
export function functionLog({ functions }: FarmFunctions) {
  return functions.environments.flatMap(({ log }) => logLines(log));
}
