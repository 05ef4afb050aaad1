import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from './errors.ts';
import { makeProgram } from './program.ts';
import { fitTo } from './text/wrap.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Runs `farm ARGS` to its end; sets the exit code. What a user can put right is printed as a sentence. */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await (await makeProgram(args, version)).parseAsync(args, { from: 'user' });
  } catch (error) {
    const sentence =
      error instanceof UserError ? error.message : missingPackage(error as NodeJS.ErrnoException);
    if (sentence === undefined) throw error;
    console.error(fitTo(process.stderr, sentence));
    process.exitCode = 1;
  }
}

/** `npm run demo` installs what the demo needs, and not what other commands do. */
function missingPackage({ code, message }: NodeJS.ErrnoException): string | undefined {
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (code !== 'ERR_MODULE_NOT_FOUND' || name === undefined) return undefined;
  const folder = dirname(import.meta.dirname);
  return `The package ${name} is not installed yet. Run "npm install" in ${folder}, and then this command again.`;
}
