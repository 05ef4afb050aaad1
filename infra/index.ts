import { readFileSync } from 'node:fs';
import { TranscodeFarm } from './farm.ts';
import { type BuiltImage, requireDocker } from './image/docker.ts';
import { needsVmaf, workerTag } from './image/image.ts';
import { outputNames } from './outputs.ts';
import { readContent } from './portal/image.ts';
import { architectureOf } from './settings/compute.ts';
import { type FarmSettings, readSettings } from './settings/settings.ts';
import { argsOf, ConfigSource } from './settings/sources.ts';

/** The Pulumi program: it makes one farm from the stack's config. The farm's outputs become the stack's. */
export default async function program() {
  const config = new ConfigSource();
  // The component checks its arguments too; here each mistake comes with the `pulumi config` command that fixes it.
  await requireDocker(imagesOf('farm', readSettings(config)));
  const farm = new TranscodeFarm('farm', argsOf(config));
  return {
    ...pick(farm, outputNames),
    /** Pulumi Cloud shows it as the stack's page. */
    readme: readFileSync(new URL('../Pulumi.README.md', import.meta.url), 'utf8'),
  };
}

/** What is built on this machine. */
function imagesOf(
  farm: string,
  { workerImage, compute, portal, worker: settings }: FarmSettings,
): BuiltImage[] {
  const worker = {
    repository: `${farm}-worker`,
    tag: workerTag(architectureOf(compute), needsVmaf(settings)),
    wayOut: 'set workerImage to an image of the worker that is built already',
  };
  const page = () => ({
    repository: `${farm}-portal`,
    tag: readContent().tag,
    wayOut: 'set portal to "function", which has no image',
  });
  return [...(workerImage ? [] : [worker]), ...(portal?.host.kind === 'service' ? [page()] : [])];
}

function pick<T, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
