import { askedCommands, type CompletedCommand, farmOptions, isAsked, type Values } from './tree.ts';

export function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => [
    ...command.subcommands.map((word) => subcommandLine(program, command, word, commands)),
    ...command.options.map(({ flag, description, values }) =>
      line(
        program,
        seen(command),
        `-l ${flag.slice(2)}${valueText(values, program)} -d ${quote(description)}`,
      ),
    ),
    ...(command.values && command.values.kind !== 'any'
      ? [line(program, seen(command), argumentText(command.values, program))]
      : []),
  ]);
  return `# fish completion for ${program}: ${program} completion fish | source
function __${program}_ask
  set -l words (commandline -opc)
  set -l which
  for at in (seq (count $words))
    if contains -- $words[$at] ${farmOptions.join(' ')}
      set -a which $words[$at] $words[(math $at + 1)]
    end
  end
  ${program} $argv $which 2>/dev/null | cut -f1
end
complete -c ${program} -f
${lines.join('\n')}
`;
}

function line(program: string, condition: string, rest: string): string {
  return `complete -c ${program} -n ${quote(condition)} ${rest}`;
}

function subcommandLine(
  program: string,
  command: CompletedCommand,
  word: string,
  commands: readonly CompletedCommand[],
): string {
  const path = [...command.path, word].join(' ');
  const description = commands.find((one) => one.path.join(' ') === path)?.description ?? '';
  const none = `not __fish_seen_subcommand_from ${command.subcommands.join(' ')}`;
  const condition = command.path.length > 0 ? `${seen(command)}; and ${none}` : none;
  return line(program, condition, `-a ${word} -d ${quote(description)}`);
}

/** On this command: all words of its path are there. */
function seen({ path, subcommands }: CompletedCommand): string {
  if (path.length > 0) return path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
  return subcommands.length > 0 ? `not __fish_seen_subcommand_from ${subcommands.join(' ')}` : 'true';
}

function valueText(values: Values | undefined, program: string): string {
  return values === undefined ? '' : ` -r ${argumentText(values, program)}`;
}

function argumentText(values: Values, program: string): string {
  if (values.kind === 'files') return '-F';
  if (isAsked(values)) return `-a '(__${program}_ask ${askedCommands[values.kind]})'`;
  return values.kind === 'choices' ? `-a ${quote(values.choices.join(' '))}` : '';
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
