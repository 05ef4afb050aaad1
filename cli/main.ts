import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from './errors.ts';
import { makeProgram } from './program.ts';
import { fitTo } from './text/wrap.ts';

// "farm jobs | head" reads what it wants and goes.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

try {
  await (await makeProgram(process.argv.slice(2), version)).parseAsync();
} catch (error) {
  const sentence =
    error instanceof UserError ? error.message : missingPackage(error as NodeJS.ErrnoException);
  if (sentence === undefined) throw error;
  console.error(fitTo(process.stderr, sentence));
  process.exitCode = 1;
}

/** `npm run demo` installs what the demo needs, and not what other commands do. */
function missingPackage({ code, message }: NodeJS.ErrnoException): string | undefined {
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (code !== 'ERR_MODULE_NOT_FOUND' || name === undefined) return undefined;
  const folder = dirname(import.meta.dirname);
  return `The package ${name} is not installed yet. Run "npm install" in ${folder}, and then this command again.`;
}
