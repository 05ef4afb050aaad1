import { askedCommands, type CompletedCommand, farmOptions, isAsked, type Values } from './tree.ts';

/** For zsh's own completion system (`compinit`): sourced, or put as a file into a folder of `fpath`. */
export function zshScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = (path: readonly string[]) => ['', program, ...path].join('_');
  const functions = commands.map((command) => {
    const body = command.subcommands.length > 0 ? parent(command, commands, name) : leaf(command, program);
    return `${name(command.path)}() {\n${body}\n}`;
  });
  const asking = Object.entries(askedCommands).map(
    ([kind, words]) => `_${program}_${kind}_of_farm() { _${program}_ask ${words} }`,
  );
  return `#compdef ${program}
# zsh completion for ${program}: source <(${program} completion zsh)
_${program}_ask() {
  local -a which
  local at
  for ((at = 1; at < CURRENT; at++)); do
    case $words[at] in ${farmOptions.join('|')}) which+=("$words[at]" "$words[at+1]") ;; esac
  done
  compadd -- \${(f)"$(${program} "$@" $which 2>/dev/null | cut -f1)"}
}
${asking.join('\n')}
${functions.join('\n')}
if [ "$funcstack[1]" = "_${program}" ]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`;
}

function parent(
  { path, subcommands }: CompletedCommand,
  commands: readonly CompletedCommand[],
  name: (path: readonly string[]) => string,
): string {
  const described = subcommands.map((word) => {
    const found = commands.find((one) => one.path.join(' ') === [...path, word].join(' '));
    return `    ${quote(`${word}:${found?.description ?? ''}`)}`;
  });
  const cases = subcommands.map((word) => `      ${word}) ${name([...path, word])} ;;`);
  return `  local state line
  local -a commands=(
${described.join('\n')}
  )
  _arguments -C '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest) case $line[1] in
${cases.join('\n')}
    esac ;;
  esac`;
}

function leaf({ options, values }: CompletedCommand, program: string): string {
  const specs = [
    ...options.map((one) =>
      quote(`${one.flag}[${escaped(one.description)}]${actionOf(one.values, ':value', program)}`),
    ),
    ...(values ? [quote(`*${actionOf(values, ':argument', program)}`)] : []),
  ];
  return `  _arguments \\\n    ${specs.join(' \\\n    ')}`;
}

function actionOf(values: Values | undefined, message: string, program: string): string {
  if (values === undefined) return '';
  if (isAsked(values)) return `${message}:_${program}_${values.kind}_of_farm`;
  if (values.kind === 'choices') return `${message}:(${values.choices.join(' ')})`;
  return `${message}:${values.kind === 'files' ? '_files' : ''}`;
}

/** Brackets and colons mean something in a spec. */
function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
