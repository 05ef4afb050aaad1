import { readFileSync } from 'node:fs';
import { TranscodeFarm } from './farm.ts';
import { outputNames } from './outputs.ts';
import { readSettings } from './settings/settings.ts';
import { argsOf, ConfigSource } from './settings/sources.ts';

/** The Pulumi program: it makes one farm from the stack's config. The farm's outputs become the stack's. */
export default function program() {
  const config = new ConfigSource();
  // The component checks its arguments too; here each mistake comes with the `pulumi config` command that fixes it.
  readSettings(config);
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
