import { Command } from 'commander';
import { type CommandEntry, commands } from './commands.ts';
import { fitHelp } from './text/help.ts';

/**
 * The program for these arguments. Only the command they name is loaded; `completion` describes all commands and loads
 * them all.
 */
export async function makeProgram(args: readonly string[], version: string): Promise<Command> {
  const named = args.filter((arg) => !arg.startsWith('-'));
  const [first, second] = named;
  const wanted = first === 'help' ? second : first;
  const program = new Command('farm')
    .description('Your own HLS transcoding farm on AWS.')
    .version(version, '-V, --version', 'print the version')
    .usage('COMMAND [options]')
    // An option belongs to the command that it follows, also where a command and one below it have the same.
    .enablePositionalOptions()
    .addHelpCommand(listed({ ...helpEntry, group: commands.at(-1)?.group ?? '' }).argument('[command]'))
    .addHelpText('after', help);
  for (const entry of commands) {
    const isLoaded = entry.name === wanted || wanted === 'completion';
    program.addCommand(isLoaded ? await loadCommand(entry) : listed(entry));
  }
  showUsageAfterError(program);
  fitHelp(program);
  if (args.includes('--json')) await answerMistakes(program, wanted);
  return program;
}

/** A program reads standard output: what is wrong on the command line is there too, in the shape of the command's other failures. */
async function answerMistakes(program: Command, name: string | undefined): Promise<void> {
  const { noResult } = await import('./demo/result.ts');
  const answerOf = (message: string) =>
    name === 'demo' ? noResult('demo', message) : { error: { message } };
  const each = (command: Command): void => {
    command.configureOutput({
      outputError: (text, write) => {
        write(text);
        console.log(JSON.stringify(answerOf(text.trim().replace(/^error: /, ''))));
      },
    });
    command.commands.forEach(each);
  };
  each(program);
}

const helpEntry = { name: 'help', description: 'Show the help of a command' };

const help = `
Examples:
  farm demo                        a farm on this machine, no account needed
  farm doctor --stack dev          what a deployment lacks, before "pulumi up"
  farm submit film.mov --stack dev --wait
  farm open JOB --stack dev

Which farm: --stack NAME or FARM_STACK (a Pulumi stack), --farm FILE or FARM_FILE (its saved outputs), or else the farm that "farm demo --keep" runs on this machine. "farm COMMAND --help" shows the options of a command.
Documentation: docs/cli.md`;

async function loadCommand({ load, description, group }: CommandEntry): Promise<Command> {
  return (await load()).description(description).helpGroup(group);
}

/** A name and a description for help and for "Did you mean". */
function listed({ name, description, group }: Omit<CommandEntry, 'load'>): Command {
  return new Command(name).description(description).usage('').helpGroup(group);
}

/** A mistake on the command line shows how the command is used, in two lines. */
function showUsageAfterError(command: Command, path = command.name()): Command {
  command.showHelpAfterError(`Usage: ${path} ${command.usage()}\nRun "${path} --help" for its options.`);
  for (const child of command.commands) showUsageAfterError(child, `${path} ${child.name()}`);
  return command;
}
