import { runProgram } from '../../../cli/run-program.ts';

/** `farm ARGS` in `folder`, with nothing but `env` in its environment. */
export interface CommandToRun {
  args: string[];
  folder: string;
  env: NodeJS.ProcessEnv;
  /** Written to standard output with the exit code, and to standard error, when the command has ended. */
  endMark: string;
}

/** Commander ends the process after help and after what is wrong; here that ends the command. */
class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

const exit = process.exit.bind(process);
process.exit = (code) => {
  throw new Exit(Number(code ?? 0));
};

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
    if (!(error instanceof Exit)) console.error(error);
    process.exitCode = error instanceof Exit ? error.code : 1;
  }
  // Each command listens for them.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  process.stdout.write(`${endMark}${process.exitCode ?? 0}\n`);
  process.stderr.write(endMark);
}

process.on('message', (command: CommandToRun) => void runCommand(command));
process.on('disconnect', () => exit());
