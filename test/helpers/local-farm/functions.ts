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

type FarmOfFunctions = Pick<TestFarm, 'functionEnv' | 'functions'>;

interface FunctionsOptions {
  env?: Partial<WorkerEnvironment>;
  /** For their logs. */
  dir: string;
  /** @default 3 */
  concurrency?: number;
  /** @default a minute */
  timeoutSeconds?: number;
  others?: FarmFunctionsOptions['others'];
}

/** Functions that take the jobs of a test's farm, until it disposes of them, or ends: others would lose their jobs to them. */
export async function functionsFor(farm: FarmOfFunctions, options: FunctionsOptions): Promise<FarmFunctions> {
  const functions = await functionsOf(farm, options);
  onTestFinished(() => Promise.resolve(functions[Symbol.asyncDispose]()));
  return functions;
}

/** The same, until somebody disposes of them. */
export async function functionsOf(
  { functionEnv: env, functions: running }: FarmOfFunctions,
  { env: own = {}, dir, concurrency = 3, timeoutSeconds = 60 * patience, others = {} }: FunctionsOptions,
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
  return { functions: started.functions, [Symbol.asyncDispose]: close };
}

/** Every line that any of the function's processes wrote. */
export function functionLog({ functions }: FarmFunctions) {
  return functions.environments.flatMap(({ log }) => logLines(log));
}
