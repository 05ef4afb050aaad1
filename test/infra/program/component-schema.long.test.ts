import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TranscodeFarm } from '../../../infra/farm.ts';
import { outputNames } from '../../../infra/outputs.ts';
import { readProject } from '../../../tools/program-run/stacks.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';

describe('the schema that other languages see', () => {
  const { ComponentProvider } = createRequire(import.meta.url)(
    '@pulumi/pulumi/provider/experimental/provider.js',
  );
  const root = fileURLToPath(new URL('../../../', import.meta.url));

  /** The package as Pulumi reads it, but for what the component does not import: to parse it all takes half of the time. */
  async function packageOfComponent() {
    const folder = await temporaryFolder();
    const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { exports: string };
    const entry = join(root, exports);
    const typeRoots = [join(root, 'node_modules/@types')];
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { typeRoots },
      include: [entry],
      exclude: [],
    };
    await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify(config));
    await writeFile(
      join(folder.path, 'package.json'),
      JSON.stringify({ name: 'transcode-farm', exports: entry }),
    );
    return folder;
  }

  it('has every setting of Pulumi.yaml with its type, and every output', async () => {
    await using folder = await packageOfComponent();
    const components = [TranscodeFarm];
    const provider = new ComponentProvider({ name: 'transcode-farm', dirname: folder.path, components });
    const schema = JSON.parse(await provider.getSchema());
    const { inputProperties, properties } = schema.resources['transcode-farm:index:TranscodeFarm'];
    const { config } = readProject();
    const typeOf = { string: 'string', boolean: 'boolean', integer: 'number', array: 'array' };
    const expected = Object.entries(config).map(([key, { type }]) => [key, typeOf[type]]);
    const inferred = Object.entries(inputProperties as Record<string, { type: string }>);
    expect(inferred.map(([key, { type }]) => [key, type])).toEqual(expected);
    expect(Object.keys(properties)).toEqual(expect.arrayContaining([...outputNames]));
  });
});
