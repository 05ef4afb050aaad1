import { readFileSync } from 'node:fs';
import { TranscodeFarm } from './farm.ts';
import { outputNames } from './outputs.ts';
import { readSettings } from './settings/settings.ts';
import { argsOf, ConfigSource } from './settings/sources.ts';

/** The program: the stack's config makes one farm, whose outputs are the stack's. */
export default function program() {
  const config = new ConfigSource();
  readSettings(config); // so that a mistake comes with the command that fixes it
  const farm = new TranscodeFarm('farm', argsOf(config));
  return {
    ...pick(farm, outputNames),
    /** Pulumi Cloud shows it as the stack's page. */
    readme: readFileSync(new URL('../Pulumi.README.md', import.meta.url), 'utf8'),
  };
}

function pick<T, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
