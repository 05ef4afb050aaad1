import { readFileSync } from 'node:fs';
import { UserError } from './errors.ts';
import { makeProgram } from './program.ts';

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
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
