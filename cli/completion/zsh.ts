import { askedCommands, type CompletedCommand, farmOptions, isAsked, type Values } from './tree.ts';

/** For zsh's own completion system (`compinit`): sourced, or put as a file into a folder of `fpath`. */
export function zshScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = (path: readonly string[]) => ['', program, ...path].join('_');
  const functions = commands.map((command) => {
    const below = command.subcommands.map((word) => ({ word, call: name([...command.path, word]) }));
    const first = firstOf(command, commands, program);
    const body = [...branches(below), ...first.lines, specs(command, program, first.action)];
    return `${name(command.path)}() {\n${body.join('\n')}\n}`;
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

/** To the function of the command below that the line names, which sees the line from there on. */
function branches(below: readonly { word: string; call: string }[]): string[] {
  if (below.length === 0) return [];
  const cases = below.map(
    ({ word, call }) => `    ${word}) shift words; (( CURRENT-- )); ${call}; return ;;`,
  );
  return ['  if (( CURRENT > 2 )); then case $words[2] in', ...cases, '  esac; fi'];
}

/** The first argument of a command that has others below it: one of those, or what it takes itself. */
function firstOf(
  { path, subcommands, arguments: [own] }: CompletedCommand,
  commands: readonly CompletedCommand[],
  program: string,
): { lines: string[]; action?: string } {
  if (subcommands.length === 0) return { lines: [] };
  const described = subcommands.map((word) => {
    const found = commands.find((one) => one.path.join(' ') === [...path, word].join(' '));
    return `    ${quote(`${word}:${found?.description ?? ''}`)}`;
  });
  const lines = ['  local -a commands=(', ...described, '  )'];
  const also = own && isAsked(own.values) ? `; _${program}_${own.values.kind}_of_farm` : '';
  return { lines, action: `{_describe command commands${also}}` };
}

function specs({ options, ...command }: CompletedCommand, program: string, first?: string): string {
  const own = command.arguments.filter(({ place }) => first === undefined || place > 1);
  const all = [
    ...options.map((one) =>
      quote(
        `${one.flag}${one.values ? '=' : ''}[${escaped(one.description)}]${actionOf(one.values, ':value', program)}`,
      ),
    ),
    ...(first === undefined ? [] : [quote(`1:command:${first}`)]),
    ...own.map(({ place, repeats, values }) =>
      quote(`${repeats ? '*' : place}${actionOf(values, ':argument', program)}`),
    ),
  ];
  return `  _arguments \\\n    ${all.join(' \\\n    ')}`;
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
