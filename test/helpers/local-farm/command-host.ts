import { runProgram } from '../../../cli/run-program.ts';

/** `farm ARGS` in `folder`, with nothing but `env` in its environment. */
export interface CommandToRun {
  args: string[];
  folder: string;
  env: NodeJS.ProcessEnv;
  /** Written to standard output with the exit code, and to standard error, when the command has ended. */
  endMark: string;
}

/**
 * Runs commands one after the other in this process, each with its own folder and environment: the start of a process,
 * and what a command imports, would take most of the time of short ones.
 */
async function runCommand({ args, folder, env, endMark }: CommandToRun): Promise<void> {
  process.chdir(folder);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.exitCode = undefined;
  try {
    await runProgram(args);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
  // Each command listens for them.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  process.stdout.write(`${endMark}${process.exitCode ?? 0}\n`);
  process.stderr.write(endMark);
}

process.on('message', (command: CommandToRun) => void runCommand(command));
process.on('disconnect', () => process.exit());
