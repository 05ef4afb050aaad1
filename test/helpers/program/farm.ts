import program from '../../../infra/index.ts';
import { type FarmSettings, readSettings } from '../../../infra/settings/settings.ts';
import { ConfigSource } from '../../../infra/settings/sources.ts';
import type { Inputs } from '../../../tools/program-run/registered.ts';
import type { StackConfig } from '../../../tools/program-run/stacks.ts';
import { type Recording, record } from './pulumi.ts';
import { bareStack } from './stacks.ts';

export type FarmRecording = Recording<Awaited<ReturnType<typeof program>>>;

const recordings = new Map<string, Promise<FarmRecording>>();

/** What the whole program makes of a stack's config under Pulumi mocks. Run once for each config, for all who ask. */
export function recordFarm(stack: StackConfig, options: { preview?: boolean } = {}): Promise<FarmRecording> {
  const key = JSON.stringify([stack, options]);
  const known = recordings.get(key) ?? record(() => program(), { ...stack, ...options });
  recordings.set(key, known);
  return known;
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
