import type { Argument, Command, Option } from 'commander';
import { ladderNames } from '../../worker/src/plan/ladder.ts';
import { laneNames } from '../../worker/src/protocol/lanes.ts';

/** What may stand somewhere on the command line. */
export type Values =
  | { kind: 'files' }
  /** Ids of the farm's jobs: asked of the farm. */
  | { kind: 'jobs' }
  | { kind: 'choices'; choices: readonly string[] }
  | { kind: 'any' };

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
const jobNames = new Set(['job', 'jobs', 'ids']);

/** What is offered where other values may be given too, by the name of the value. */
const suggestions: Readonly<Record<string, readonly string[]>> = { ladder: ladderNames, lane: laneNames };

/** Options that say which farm is meant: a completion that asks the farm passes them on. */
export const farmOptions = ['--stack', '--farm', '--profile', '--region'] as const;

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
  const words = choices ?? suggestions[name];
  if (words) return { kind: 'choices', choices: words };
  if (jobNames.has(name)) return { kind: 'jobs' };
  return { kind: fileNames.has(name) ? 'files' : 'any' };
}
