import { Command } from 'commander';
import { cancelCommand } from './cancel/command.ts';
import { completionCommand } from './completion/command.ts';
import { deadCommand, redriveCommand } from './dead/command.ts';
import { demoCommand } from './demo/command.ts';
import { doctorCommand } from './doctor/command.ts';
import { UserError } from './errors.ts';
import { jobsCommand, statusCommand } from './jobs/command.ts';
import { linksCommand } from './links/command.ts';
import { openCommand } from './open/command.ts';
import { planCommand } from './plan/command.ts';
import { submitCommand } from './submit/command.ts';
import { watchCommand } from './watch/command.ts';
import { webhookCommand } from './webhook/command.ts';

const program = new Command('farm')
  .description('Your own HLS transcoding farm')
  .showHelpAfterError('(--help tells what there is)')
  .addCommand(demoCommand())
  .addCommand(planCommand())
  .addCommand(submitCommand())
  .addCommand(statusCommand())
  .addCommand(jobsCommand())
  .addCommand(cancelCommand())
  .addCommand(watchCommand())
  .addCommand(openCommand())
  .addCommand(linksCommand())
  .addCommand(deadCommand())
  .addCommand(redriveCommand())
  .addCommand(webhookCommand())
  .addCommand(doctorCommand())
  .addCommand(completionCommand());

// "farm jobs | head" reads what it wants and goes.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
