import { readDeployed } from '../../../cli/farm/deployed.ts';
import type { Farm } from '../../../cli/farm/farm.ts';
import { type Machine, machineOfDeployed, thisMachine } from '../../../cli/plan/machine.ts';
import { planSettings } from '../../../cli/plan/settings.ts';
import type { Settings } from '../../../worker/src/settings/settings.ts';

/** What the farm's workers run on, and with which settings. */
export interface FarmMachine {
  machine: Machine;
  settings: Settings;
}

/** @returns undefined where the farm's outputs name no service */
export async function readMachine(farm: Farm): Promise<FarmMachine | undefined> {
  if (farm.address.local) return { machine: thisMachine, settings: planSettings({}) };
  const deployed = await readDeployed(farm, farm.address);
  if (deployed === undefined) return undefined;
  return { machine: machineOfDeployed(deployed), settings: planSettings(deployed.environment) };
}
