import type { Argument, Command, Option } from 'commander';
import { encryptionNames } from '../../worker/src/plan/encryption.ts';
import { fitNames } from '../../worker/src/plan/fit.ts';
import { ladderNames, rungNames } from '../../worker/src/plan/ladder.ts';
import { measureNames } from '../../worker/src/plan/measure.ts';
import { fileFormats } from '../../worker/src/plan/outputs.ts';
import { qualityNames } from '../../worker/src/plan/quality.ts';
import { laneNames } from '../../worker/src/protocol/lanes.ts';

/** What is asked of the farm: the command that lists it, one a line, the name before a tab. */
export const askedCommands = { jobs: 'jobs --limit 50', presets: 'presets' } as const;

type AskedKind = keyof typeof askedCommands;

/** What may stand somewhere on the command line. */
export type Values =
  | { kind: 'files' }
  /** Ids of the farm's jobs, or names of its presets: asked of the farm. */
  | { kind: AskedKind }
  | { kind: 'choices'; choices: readonly string[] }
  | { kind: 'any' };

export function isAsked(values: Values | undefined): values is { kind: AskedKind } {
  return values !== undefined && values.kind in askedCommands;
}

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
  arguments: CompletedArgument[];
  subcommands: string[];
}

export interface CompletedArgument {
  /** The first argument is 1. */
  place: number;
  /** Whether it may be given again: all further arguments are as this one. */
  repeats: boolean;
  values: Values;
}

/** Names of arguments, and of options' values, that are files of this machine. */
const fileNames = new Set(['dir', 'file', 'film', 'films', 'folder', 'movie', 'path']);
const jobNames = new Set(['job', 'jobs', 'ids']);

/** Options whose values are presets of the farm. */
const presetFlags = new Set(['--preset']);

/** By option or by the name of an argument: what is offered where other values may be given too, or where the job's schema checks them. */
const suggestions: Readonly<Record<string, readonly string[]>> = {
  '--ladder': ladderNames,
  '--lane': laneNames,
  '--quality': qualityNames,
  '--measure': measureNames,
  '--encryption': encryptionNames,
  '--fit': fitNames,
  '--rung': rungNames,
  '--outputs': ['hls', ...fileFormats],
  outputs: fileFormats,
};

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
      arguments: command.registeredArguments.map((argument, index) => ({
        place: index + 1,
        repeats: argument.variadic,
        values: valuesOfArgument(argument),
      })),
      subcommands: below.map((one) => one.name()),
    },
    ...below.flatMap((one) => commandsOf(one, [...path, one.name()])),
  ];
}

/** A command as the scripts compare it: `/subtitles/add`. */
export function key(path: readonly string[]): string {
  return path.map((word) => `/${word}`).join('');
}

/** Of all commands but the program itself. */
export function commandKeys(commands: readonly CompletedCommand[]): string[] {
  return commands.flatMap(({ path }) => (path.length > 0 ? [key(path)] : []));
}

/** Options that take a value, each behind its command: `/submit --ladder`. */
export function valuedOptions(commands: readonly CompletedCommand[]): string[] {
  return commands.flatMap(({ path, options }) =>
    options.flatMap(({ flag, values }) => (values ? [`${key(path)} ${flag}`] : [])),
  );
}

function valuesOfOption({ flags, long, argChoices, required, optional }: Option): Values | undefined {
  if (!required && !optional) return undefined;
  const flag = long ?? '';
  if (presetFlags.has(flag)) return { kind: 'presets' };
  return valuesOf(/[<[](\w+)[>\]]/.exec(flags)?.[1] ?? '', argChoices ?? suggestions[flag]);
}

function valuesOfArgument(argument: Argument): Values {
  return valuesOf(argument.name(), argument.argChoices ?? suggestions[argument.name()]);
}

function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  if (choices) return { kind: 'choices', choices };
  if (jobNames.has(name)) return { kind: 'jobs' };
  return { kind: fileNames.has(name) ? 'files' : 'any' };
}
