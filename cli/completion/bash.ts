import { askedCommands, type CompletedCommand, farmOptions, isAsked, type Values } from './tree.ts';

/** For bash 3.2 (macOS) and later; file names are completed by bash itself. */
export function bashScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = `_${program}`;
  const paths = commands.flatMap(({ path }) => (path.length > 0 ? [key(path)] : []));
  return `# bash completion for ${program}: source <(${program} completion bash)
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path= word before= options= words= files= asked=
  local -a which=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path/$word" in
      ${paths.join('|')}) path="$path/$word" ;;
    esac
    case "$before" in ${farmOptions.join('|')}) which+=("$before" "$word") ;; esac
    before=$word
  done
  case "$path" in
${commands.map(commandCase).join('\n')}
  esac
  case "$path $prev" in
${optionCases(commands).join('\n')}
    *) if [[ $cur == -* ]]; then words=$options files= asked=; fi ;;
  esac
  if [[ $asked ]]; then words+=" "$(${program} $asked "\${which[@]}" 2>/dev/null | cut -f1); fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $files ]]; then
    if type compopt >/dev/null 2>&1; then compopt -o default; else COMPREPLY=($(compgen -f -- "$cur")); fi
  fi
}
complete -F ${name} ${program}
`;
}

function key(path: readonly string[]): string {
  return path.map((word) => `/${word}`).join('');
}

function commandCase({ path, options, values, subcommands }: CompletedCommand): string {
  const words = [...subcommands, ...(values?.kind === 'choices' ? values.choices : [])].join(' ');
  const flags = options.map(({ flag }) => flag).join(' ');
  const more =
    values?.kind === 'files' ? ' files=1' : isAsked(values) ? ` asked='${askedCommands[values.kind]}'` : '';
  return `    '${key(path)}') options='${flags}' words='${words}'${more} ;;`;
}

/** After options that take a value: those with the same values in one line. */
function optionCases(commands: readonly CompletedCommand[]): string[] {
  const places = new Map<string, string[]>();
  for (const { path, options } of commands) {
    for (const { flag, values } of options) {
      if (values === undefined) continue;
      const text = valueText(values);
      places.set(text, [...(places.get(text) ?? []), `'${key(path)} ${flag}'`]);
    }
  }
  return [...places].map(([text, patterns]) => `    ${patterns.join('|')}) ${text} ;;`);
}

function valueText(values: Values): string {
  if (values.kind === 'choices') return `words='${values.choices.join(' ')}' files= asked=`;
  const asked = isAsked(values) ? `'${askedCommands[values.kind]}'` : '';
  return `words= files=${values.kind === 'files' ? 1 : ''} asked=${asked}`;
}
