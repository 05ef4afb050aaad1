import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { commands } from './commands.ts';
import { UserError } from './errors.ts';
import { makeProgram } from './program.ts';
import { fitTo } from './text/wrap.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Runs `farm ARGS` to its end; sets the exit code. What a user can put right is printed as a sentence. */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    const meant = withoutHelpOfNothing(args);
    await (await makeProgram(meant, version)).parseAsync(meant, { from: 'user' });
  } catch (error) {
    const sentence =
      error instanceof UserError ? error.message : missingPackage(error as NodeJS.ErrnoException);
    if (sentence === undefined) throw error;
    console.error(fitTo(process.stderr, sentence));
    process.exitCode = 1;
  }
}

/** "farm help nope" is the same mistake as "farm nope": it does not ask for the help of all commands. */
function withoutHelpOfNothing(args: readonly string[]): readonly string[] {
  const [first, name] = args;
  const isNothing = name !== undefined && !commands.some((command) => command.name === name);
  return first === 'help' && isNothing && /^\w/.test(name) ? args.slice(1) : args;
}

/** `npm run demo` installs what the demo needs, and not what other commands do. */
function missingPackage({ code, message }: NodeJS.ErrnoException): string | undefined {
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (code !== 'ERR_MODULE_NOT_FOUND' || name === undefined) return undefined;
  const folder = dirname(import.meta.dirname);
  return `The package ${name} is not installed yet. Run "npm install" in ${folder}, and then this command again.`;
}
