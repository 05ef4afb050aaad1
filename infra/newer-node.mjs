import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const binary = process.platform === 'win32' ? 'node.exe' : 'node';
const installed = fileURLToPath(new URL(`../node_modules/node/bin/${binary}`, import.meta.url));

/** On by default in Node 24; given all the same, as NODE_OPTIONS may switch it off. */
const stripTypes = '--experimental-strip-types';

/** Pulumi's runner exits so after a message that says what to do; the CLI then adds none of its own. */
const explained = 32;

/**
 * Pulumi starts the `node` of the PATH. Where that one can't read TypeScript, the Node that `npm install` brought runs the same
 * command, and this process ends as it does.
 *
 * @param {string[]} args the script and its arguments
 * @returns {Promise<never>}
 */
export async function runWithInstalledNode(args) {
  const hasTried = process.execArgv.includes(stripTypes);
  if (hasTried || !existsSync(installed)) {
    process.stderr.write(
      `transcode-farm needs Node 24, and the "node" on the PATH is ${process.version}. Run "npm install" in ` +
        `${fileURLToPath(new URL('..', import.meta.url))}, which installs Node 24 for this project alone, or put ` +
        'Node 24 first on the PATH.\n',
    );
    process.exit(explained);
  }
  const child = spawn(installed, [...process.execArgv, stripTypes, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${installed} does not start: ${error.message}\n`);
    process.exit(explained);
  });
  child.on('exit', (status) => process.exit(status ?? 1));
  return new Promise(() => {});
}
