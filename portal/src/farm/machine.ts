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

/** A deployment changes it, seldom; until then pages ask often. */
const rememberMs = 5 * 60_000;

/** Asks AWS at most every few minutes; again after a failure. */
export class FarmMachines {
  readonly #farm: Farm;
  readonly #now: () => number;
  #asked: { at: number; answer: Promise<FarmMachine | undefined> } | undefined;

  constructor(farm: Farm, now: () => number) {
    this.#farm = farm;
    this.#now = now;
  }

  /** @returns undefined where the farm's outputs name no service */
  read(): Promise<FarmMachine | undefined> {
    if (this.#asked !== undefined && this.#now() - this.#asked.at < rememberMs) return this.#asked.answer;
    const answer = readMachine(this.#farm);
    const asked = { at: this.#now(), answer };
    this.#asked = asked;
    answer.catch(() => {
      if (this.#asked === asked) this.#asked = undefined;
    });
    return answer;
  }
}

async function readMachine(farm: Farm): Promise<FarmMachine | undefined> {
  if (farm.address.local) return { machine: thisMachine, settings: planSettings({}) };
  const deployed = await readDeployed(farm, farm.address);
  if (deployed === undefined) return undefined;
  return { machine: machineOfDeployed(deployed), settings: planSettings(deployed.environment) };
}
