import type { Inputs } from '../../dry-run/registered.ts';
import type { StackConfig } from '../../dry-run/stacks.ts';
import farm from '../../infra/index.ts';
import { type FarmSettings, readSettings } from '../../infra/settings.ts';
import { type Recording, record } from './pulumi.ts';
import { bareStack } from './stacks.ts';

export type FarmRecording = Recording<ReturnType<typeof farm>>;

/** Runs the whole program on a stack's config under Pulumi mocks. */
export function recordFarm(stack: StackConfig, options: { preview?: boolean } = {}): Promise<FarmRecording> {
  return record(() => farm(), { ...stack, ...options });
}

/** What the settings come to when these keys are set. */
export async function readFarmSettings(
  changes: Record<string, string | undefined> = {},
): Promise<FarmSettings> {
  const { result } = await record(() => readSettings(), bareStack(changes));
  return result;
}

/** A nested object of inputs. */
export function field(inputs: Inputs, key: string): Inputs {
  return inputs[key] as Inputs;
}
