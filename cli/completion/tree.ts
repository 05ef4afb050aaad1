import type { Argument, Command, Option } from 'commander';

/** What may stand somewhere on the command line. */
export type Values = { kind: 'files' } | { kind: 'choices'; choices: readonly string[] } | { kind: 'any' };

export interface CompletedOption {
  /** Such as `--farm`. */
  flag: string;
  description: string;
  /** Undefined for flags that take none. */
  values?: Values;
}

/** A command as shells complete it. */
export interface CompletedCommand {
  /** From the program on: `[]`, `['plan']`, `['webhook', 'test']`. */
  path: readonly string[];
  description: string;
  options: CompletedOption[];
  /** What its arguments are, if it takes any. */
  values?: Values;
  subcommands: string[];
}

/** Names of arguments, and of options' values, that are files of this machine. */
const fileNames = new Set(['dir', 'file', 'film', 'films', 'movie']);

/** A command and all below it, the upper ones first. Asked of commander, so that nothing is listed twice. */
export function commandsOf(command: Command, path: readonly string[] = []): CompletedCommand[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  return [
    {
      path,
      description: command.description(),
      options: help.visibleOptions(command).flatMap((option) => {
        const flag = option.long;
        return flag ? [{ flag, description: option.description, values: valuesOfOption(option) }] : [];
      }),
      values: command.registeredArguments.map(valuesOfArgument).at(0),
      subcommands: below.map((one) => one.name()),
    },
    ...below.flatMap((one) => commandsOf(one, [...path, one.name()])),
  ];
}

function valuesOfOption({ flags, argChoices, required, optional }: Option): Values | undefined {
  if (!required && !optional) return undefined;
  return valuesOf(/[<[](\w+)[>\]]/.exec(flags)?.[1] ?? '', argChoices);
}

function valuesOfArgument(argument: Argument): Values {
  return valuesOf(argument.name(), argument.argChoices);
}

function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  if (choices) return { kind: 'choices', choices };
  return { kind: fileNames.has(name) ? 'files' : 'any' };
}
