import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandsOf } from '../../../cli/completion/tree.ts';
import { farmCommand } from '../../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';

const run = promisify(execFile);
const has = (shell: string) => spawnSync(shell, ['--version']).error === undefined;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const scripts: Record<string, string> = {};

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await farmCommand(folder.path, ['completion', shell]);
    scripts[shell] = join(folder.path, `farm.${shell}`);
    await writeFile(scripts[shell], stdout);
  }
  await mkdir(join(folder.path, 'films'));
  await writeFile(join(folder.path, 'films', 'night game.mp4'), '');
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Stands for the program: it has two jobs and two presets, and a third job in the stack "prod". */
const program = `farm() {
  case "$1" in presets) printf 'social\\t{"ladder":"mobile"}\\nstudio\\t{}\\n'; return ;; esac
  printf 'first-job\\tsucceeded\\nsecond-job\\tfailed\\n'
  case "$*" in *"--stack prod"*) printf 'prod-job\\trunning\\n' ;; esac
}`;

/** What a real bash offers for the last of the words; `FILES` where it is to complete file names itself. */
async function bash(...words: string[]): Promise<string[]> {
  const script = `
    compopt() { echo FILES; }
    ${program}
    source ${scripts.bash}
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _farm
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', script, 'bash', 'farm', ...words], { cwd: folder.path });
  return stdout.split('\n').filter(Boolean);
}

it('completes commands, flags, choices and files in bash', async () => {
  expect(await bash('s')).toEqual(['submit', 'status', 'subtitles']);
  expect(await bash('webhook', '')).toEqual(['test']);
  expect(await bash('jobs', '--st')).toEqual(['--stack', '--state']);
  expect(await bash('jobs', '--state', 'r')).toEqual(['running', 'retrying']);
  expect(await bash('webhook', 'test', '--event', 'f')).toEqual(['failed']);
  expect(await bash('submit', '--title', 'x', '')).toEqual(['FILES']);
  expect(await bash('status', '--farm', '')).toEqual(['FILES']);
  expect(await bash('submit', '--ladder', 'm')).toEqual(['mobile']);
  expect(await bash('submit', '--lane', '')).toEqual(['urgent', 'normal', 'bulk']);
  expect(await bash('submit', '--quality', 's')).toEqual(['saver', 'standard']);
  expect(await bash('submit', '--fit', '')).toEqual(['pad', 'crop']);
  expect(await bash('plan', '--assets', '')).toEqual(['FILES']);
  expect(await bash('submit', '--title', '')).toEqual([]);
  expect(await bash('completion', '')).toEqual(['bash', 'zsh', 'fish']);
}, 40_000);

it('completes the ids of jobs in bash, of the farm that the line names', async () => {
  expect(await bash('status', 's')).toEqual(['second-job']);
  expect(await bash('cancel', 'first-job', '')).toEqual(['first-job', 'second-job']);
  expect(await bash('logs', '--stack', 'prod', 'p')).toEqual(['prod-job']);
  expect(await bash('get', 'first-job', '--o')).toEqual(['--output']);
  expect(await bash('subtitles', '')).toEqual(['list', 'add', 'remove', 'first-job', 'second-job']);
});

it('completes the presets of the farm in bash', async () => {
  expect(await bash('submit', '--preset', '')).toEqual(['social', 'studio']);
  expect(await bash('plan', 'night.mp4', '--preset', 'so')).toEqual(['social']);
});

it.skipIf(!has('fish'))(
  'completes them in fish',
  async () => {
    const fish = async (line: string) => {
      const farm =
        "function farm; if contains -- presets $argv; printf 'social\\t{}\\n'; return; end; printf 'first-job\\tsucceeded\\n'; contains -- prod $argv; and printf 'prod-job\\tx\\n'; end";
      const script = `${farm}; source ${scripts.fish}; complete -C ${JSON.stringify(line)}`;
      const { stdout } = await run('fish', ['--no-config', '-c', script], { cwd: folder.path });
      return stdout.split('\n').flatMap((answer) => answer.split('\t')[0] || []);
    };
    expect((await fish('farm s')).sort()).toEqual(['status', 'submit', 'subtitles']);
    expect(await fish('farm webhook ')).toEqual(['test']);
    expect((await fish('farm jobs --state r')).sort()).toEqual(['retrying', 'running']);
    expect(await fish('farm jobs --li')).toEqual(['--limit']);
    expect(await fish('farm submit fil')).toEqual(['films/']);
    expect(await fish('farm status ')).toEqual(['first-job']);
    expect(await fish('farm status --stack prod ')).toEqual(['first-job', 'prod-job']);
    expect(await fish('farm submit --ladder m')).toEqual(['mobile']);
    expect(await fish('farm submit --preset ')).toEqual(['social']);
  },
  40_000,
);

it.skipIf(!has('zsh'))(
  'is a script that zsh reads',
  async () => {
    const program = `autoload -U compinit; compinit -u -d ${folder.path}/dump; source ${scripts.zsh}; print $_comps[farm] $+functions[_farm_webhook_test]`;
    const { stdout, stderr } = await run('zsh', ['-f', '-c', program]);
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('_farm 1');
  },
  40_000,
);

it('distinguishes files, choices and other values by what commander knows of them', () => {
  const program = new Command('tool').addCommand(
    new Command('make')
      .description('Make it')
      .argument('<films...>')
      .option('--farm <file>', 'a file')
      .option('--name <name>', 'a name')
      .option('--dry-run', 'only report'),
  );
  const [root, make] = commandsOf(program);
  expect(root).toMatchObject({ path: [], subcommands: ['make'], values: undefined });
  expect(make).toMatchObject({ path: ['make'], description: 'Make it', values: { kind: 'files' } });
  expect(make?.options.slice(0, 3)).toEqual([
    { flag: '--farm', description: 'a file', values: { kind: 'files' } },
    { flag: '--name', description: 'a name', values: { kind: 'any' } },
    { flag: '--dry-run', description: 'only report', values: undefined },
  ]);
});
