import type program from '../../../infra/index.ts';
import { type FarmSettings, readSettings } from '../../../infra/settings/settings.ts';
import { ConfigSource } from '../../../infra/settings/sources.ts';
import * as dryRun from '../../../tools/program-run/farm.ts';
import type { Inputs } from '../../../tools/program-run/registered.ts';
import type { StackConfig } from '../../../tools/program-run/stacks.ts';
import { type Recording, record, withQueries } from './pulumi.ts';
import { bareStack } from './stacks.ts';

export type FarmRecording = Recording<Awaited<ReturnType<typeof program>>>;

/** What the whole program makes of a stack's config under Pulumi mocks. Run once for each config, for all who ask. */
export async function recordFarm(
  stack: StackConfig,
  options: { preview?: boolean } = {},
): Promise<FarmRecording> {
  return withQueries(await dryRun.recordFarm(stack, options));
}

/** What the settings come to when these keys are set. */
export async function readFarmSettings(
  changes: Record<string, string | undefined> = {},
): Promise<FarmSettings> {
  const { result } = await record(() => readSettings(new ConfigSource()), bareStack(changes));
  return result;
}

/** A nested object of inputs. */
export function field(inputs: Inputs, key: string): Inputs {
  return inputs[key] as Inputs;
}
