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

/**
 * For bash 3.2 (macOS) and later; file names are completed by bash itself. It walks the line up to the word in question, for
 * the command and the place among its arguments. "--flag=value" reaches it as three words.
 */
export function bashScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = `_${program}`;
  const paths = commandKeys(commands);
  return `# bash completion for ${program}: source <(${program} completion bash)
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path= word before= place=1 options= words= files= asked=
  local -a which=()
  if [[ $cur == = ]]; then cur=; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word == = ]]; then continue; fi
    case "$path $before" in
      ${valuedOptions(commands)
        .map((option) => `'${option}'`)
        .join('|')})
        case "$before" in ${farmOptions.join('|')}) which+=("$before" "$word") ;; esac
        before=
        continue ;;
    esac
    before=$word
    case "$place$path/$word" in
      ${paths.map((path) => `1${path}`).join('|')}) path="$path/$word" ;;
      */-*) ;;
      *) place=$((place + 1)) ;;
    esac
  done
  case "$path" in
${commands.map(commandCase).join('\n')}
  esac
  case "$path $before" in
${optionCases(commands).join('\n')}
    *) if [[ $cur == -* ]]; then words=$options; else case "$path $place" in
${commands.flatMap(argumentCases).join('\n')}
      esac; fi ;;
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

function commandCase({ path, options }: CompletedCommand): string {
  return `    '${key(path)}') options='${options.map(({ flag }) => flag).join(' ')}' ;;`;
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

/** A command below this one stands where its first argument would. */
function argumentCases(command: CompletedCommand): string[] {
  const { path, subcommands } = command;
  const places = command.arguments.map(({ place, repeats, values }) => {
    const commandsBelow = place === 1 ? subcommands : [];
    return `      '${key(path)} '${repeats ? '*' : place}) ${valueText(values, commandsBelow)} ;;`;
  });
  if (places.length > 0 || subcommands.length === 0) return places;
  return [`      '${key(path)} 1') words='${subcommands.join(' ')}' ;;`];
}

function valueText(values: Values, more: readonly string[] = []): string {
  const words = [...more, ...(values.kind === 'choices' ? values.choices : [])];
  return [
    `words='${words.join(' ')}'`,
    ...(values.kind === 'files' ? ['files=1'] : []),
    ...(isAsked(values) ? [`asked='${askedCommands[values.kind]}'`] : []),
  ].join(' ');
}
