import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Shell = 'bash' | 'zsh' | 'fish';

export const isHere = (shell: Shell) => spawnSync(shell, ['--version']).error === undefined;

/** Stands for names of files where a shell completes those. */
export const FILES = 'FILES';

/**
 * What a real shell offers at the end of each line, sorted. The folder holds `farm.SHELL` and a folder `films`; the command
 * `farm` has two jobs and two presets, and a third job in the stack "prod".
 */
export async function offersOf(
  shell: Shell,
  folder: string,
  lines: readonly string[],
): Promise<Record<string, string[]>> {
  await mkdir(join(folder, 'here', 'films'), { recursive: true });
  const answers = await { bash, zsh, fish }[shell](folder, lines);
  return Object.fromEntries(lines.map((line, nth) => [line, (answers[nth] ?? []).toSorted()]));
}

const farm = `farm() {
  case "$1" in presets) printf 'social\\t{"ladder":"mobile"}\\nstudio\\t{}\\n'; return ;; esac
  printf 'first-job\\tsucceeded\\nsecond-job\\tfailed\\n'
  case "$*" in *"--stack prod"*) printf 'prod-job\\trunning\\n' ;; esac
}`;

/** Bash completes file names itself, where it is asked to by `compopt`. */
async function bash(folder: string, lines: readonly string[]): Promise<string[][]> {
  const script = `
    compopt() { echo ${FILES}; }
    ${farm}
    source ${folder}/farm.bash
    for line in "$@"; do
      read -ra COMP_WORDS <<<"\${line//=/ = }"
      if [[ $line == *[\\ =] ]]; then COMP_WORDS+=(''); fi
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _farm
      printf '%s\\n' "\${COMPREPLY[@]}" END
    done`;
  const { stdout } = await run('bash', ['-c', script, 'bash', ...lines]);
  return stdout
    .split('END\n')
    .map((answer) => answer.split('\n').filter(Boolean))
    .slice(0, lines.length);
}

async function fish(folder: string, lines: readonly string[]): Promise<string[][]> {
  const script = `
    function farm
      if contains -- presets $argv; printf 'social\\t{}\\nstudio\\t{}\\n'; return; end
      printf 'first-job\\tsucceeded\\nsecond-job\\tfailed\\n'
      if contains -- prod $argv; printf 'prod-job\\trunning\\n'; end
    end
    source ${folder}/farm.fish
    for line in $argv; complete -C $line; echo END; end`;
  const { stdout } = await run('fish', ['--no-config', '-c', script, ...lines], {
    cwd: join(folder, 'here'),
  });
  return stdout.split('END\n').map((answer) =>
    answer
      .split('\n')
      .flatMap((offer) => offer.split('\t')[0] || [])
      // Of "--flag=" it offers the whole word.
      .map((offer) => (offer === 'films/' ? FILES : offer.replace(/^--[\w-]+=/, ''))),
  );
}

/**
 * Zsh completes only at a keyboard: another one, in a terminal of its own (`zsh/zpty`), gets the line and a Tab. What its
 * completion adds is printed between two marks.
 */
async function zsh(folder: string, lines: readonly string[]): Promise<string[][]> {
  const inner = join(folder, 'inner.zsh');
  await writeFile(
    inner,
    `
    PROMPT=
    unsetopt auto_list
    autoload -U compinit; compinit -u -d ${folder}/dump
    ${farm}
    source ${folder}/farm.zsh
    cd ${folder}/here
    bindkey '^I' complete-word '^U' kill-whole-line
    # Each is called once, unless it puts itself back.
    before() { print MARK; compprefuncs=(before) }
    after() { print MARK; comppostfuncs=(after) }
    compprefuncs=(before) comppostfuncs=(after)
    compadd() {
      local -a hits
      if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
        builtin compadd -A hits "$@"
        (( $#hits )) && print -rl - $hits
      fi
      builtin compadd "$@"
    }
    print ready`,
  );
  const outer = `
    zmodload zsh/zpty
    zpty inner zsh -f -i
    zpty -w inner "source $1"
    while zpty -r inner line; do [[ $line == ready* ]] && break; done
    for typed in "\${@:2}"; do
      zpty -w -n inner $'\\C-u'"$typed"$'\\t'
      integer marks=0
      while (( marks < 2 )) && zpty -r inner line; do
        if [[ $line == *MARK* ]]; then (( marks++ )); elif (( marks )); then print -r - "\${line%$'\\r\\n'}"; fi
      done
      print END
    done`;
  const { stdout } = await run('zsh', ['-f', '-c', outer, 'zsh', inner, ...lines], { timeout: 60_000 });
  return stdout.split('END\n').map((answer) =>
    answer
      .split('\n')
      .filter(Boolean)
      .map((offer) => (offer === 'films' ? FILES : offer)),
  );
}
