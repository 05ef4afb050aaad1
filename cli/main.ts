import { Command } from 'commander';
import { demoCommand } from './demo/command.ts';
import { UserError } from './errors.ts';

const program = new Command('farm')
  .description('Your own HLS transcoding farm')
  .showHelpAfterError('(--help tells what there is)')
  .addCommand(demoCommand());

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
