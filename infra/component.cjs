// The package's entry: programs in any language of Pulumi find the component TranscodeFarm here (PulumiPlugin.yaml). Pulumi loads it
// by `require`, with a compiler of its own in the way of `require('./farm.ts')`, which refuses imports that end in `.ts`; `import`
// goes to Node itself.
const { resolve } = require('node:path');

const root = resolve(__dirname, '..');

module.exports = async function serve() {
  if (!process.features.typescript) return runAgain();
  const { TranscodeFarm } = await import('./farm.ts');
  const { componentProviderHost } = require('@pulumi/pulumi/provider/experimental');
  await componentProviderHost({ name: 'transcode-farm', dirname: root, components: [TranscodeFarm] });
};

/** Pulumi's runner took the package's folder out of the arguments. */
async function runAgain() {
  const { runWithInstalledNode } = await import('./newer-node.mjs');
  const [, runner, ...args] = process.argv;
  await runWithInstalledNode([runner, root, ...args]);
}
