import { type Presets, presetsSchema } from '../../worker/src/protocol/presets.ts';
import { UserError } from '../errors.ts';
import { readDeployed } from './deployed.ts';
import type { Farm } from './farm.ts';

/**
 * The presets of a farm, as its workers have them.
 * @throws UserError where they can't be read: no such service, or presets of another version
 */
export async function readPresets(farm: Farm): Promise<Presets> {
  const deployed = await readDeployed(farm, farm.address);
  const presets = deployed === undefined ? {} : presetsOf(deployed.environment);
  if (presets !== undefined) return presets;
  throw new UserError(
    'The presets of this farm are those of another version of this command. Use the version that deployed it, or deploy it again.',
  );
}

/** @returns undefined for those of another version */
export function presetsOf({ PRESETS }: { PRESETS?: string | undefined }): Presets | undefined {
  return presetsSchema.safeParse(JSON.parse(PRESETS || '{}')).data;
}
