import {
  askedCommands,
  type CompletedCommand,
  commandKeys,
  farmOptions,
  isAsked,
  key,
  type Values,
  valuedOptions,
} from './tree.ts';

/** Each rule has a condition: the command that the line is at, and for arguments the place among them. */
export function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const paths = commandKeys(commands);
  const valued = valuedOptions(commands).map(quote);
  return `# fish completion for ${program}: ${program} completion fish | source
function __${program}_at -a wanted first last
  set -l path ''
  set -l before ''
  set -l place 1
  for word in (commandline -opc)[2..-1]
    switch "$path $before"
      case ${valued.join(' ')}
        set before ''
        continue
    end
    set before $word
    switch "$place$path/$word"
      case ${paths.map((path) => `1${path}`).join(' ')}
        set path $path/$word
      case '*/-*'
      case '*'
        set place (math $place + 1)
    end
  end
  test "$path" = "$wanted"; or return
  test -z "$first"; or test $place -ge $first -a $place -le $last
end
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
${commands.flatMap((command) => rules(program, command, commands)).join('\n')}
`;
}

/** More arguments than any line has. */
const anyPlace = 9999;

function rules(program: string, command: CompletedCommand, commands: readonly CompletedCommand[]): string[] {
  const rule = (rest: string, places = '') =>
    `complete -c ${program} -n ${quote(`__${program}_at ${quote(key(command.path))}${places}`)} ${rest}`;
  return [
    ...command.subcommands.map((word) => {
      const path = key([...command.path, word]);
      const description = commands.find((one) => key(one.path) === path)?.description ?? '';
      return rule(`-a ${word} -d ${quote(description)}`, ' 1 1');
    }),
    ...command.options.map(({ flag, description, values }) =>
      rule(`-l ${flag.slice(2)}${optionText(values, program)} -d ${quote(description)}`),
    ),
    ...command.arguments.flatMap(({ place, repeats, values }) =>
      values.kind === 'any'
        ? []
        : [rule(valueText(values, program), ` ${place} ${repeats ? anyPlace : place}`)],
    ),
  ];
}

/** Without `-f` fish offers files as values too. */
function optionText(values: Values | undefined, program: string): string {
  if (values === undefined) return '';
  return ` -r ${values.kind === 'files' ? '' : '-f '}${valueText(values, program)}`.trimEnd();
}

function valueText(values: Values, program: string): string {
  if (values.kind === 'files') return '-F';
  if (isAsked(values)) return `-a '(__${program}_ask ${askedCommands[values.kind]})'`;
  return values.kind === 'choices' ? `-a ${quote(values.choices.join(' '))}` : '';
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
