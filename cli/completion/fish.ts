import type { CompletedCommand, Values } from './tree.ts';

export function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => [
    ...command.subcommands.map((word) => subcommandLine(program, command, word, commands)),
    ...command.options.map(({ flag, description, values }) =>
      line(program, seen(command), `-l ${flag.slice(2)}${valueText(values)} -d ${quote(description)}`),
    ),
    ...(command.values && command.values.kind !== 'any'
      ? [line(program, seen(command), argumentText(command.values))]
      : []),
  ]);
  return `# fish completion for ${program}: ${program} completion fish | source
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

function valueText(values: Values | undefined): string {
  return values === undefined ? '' : ` -r ${argumentText(values)}`;
}

function argumentText(values: Values): string {
  if (values.kind === 'files') return '-F';
  return values.kind === 'choices' ? `-a ${quote(values.choices.join(' '))}` : '';
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
