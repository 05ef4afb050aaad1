import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { commands } from '../../cli/commands.ts';
import { makeProgram } from '../../cli/program.ts';
import { farmCommand, startFarmCommand } from '../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../helpers/media/clips.ts';

async function farm(...args: string[]) {
  await using folder = await temporaryFolder();
  return await farmCommand(folder.path, args);
}

it('lists every command in a group, with examples and the ways to choose a farm', async () => {
  const { stdout, code } = await farm('--help');
  for (const { name, group } of commands) {
    const [, listed = ''] = stdout.split(`\n${group}\n`);
    expect(listed.split('\n\n')[0], name).toMatch(new RegExp(`^  ${name} `, 'm'));
  }
  expect(stdout).toMatch(/Start here:\n {2}demo /);
  expect(stdout).toContain('Examples:');
  expect(stdout).toContain('FARM_STACK');
  expect(stdout).toContain('docs/cli.md');
  expect(code).toBe(0);
}, 20_000);

it('loads each command under the name that help lists', async () => {
  for (const { name, load } of commands) expect((await load()).name()).toBe(name);
}, 40_000);

it('prints the version of the package', async () => {
  await using folder = await temporaryFolder();
  const { stdout, code } = await startFarmCommand(folder.path, ['--version']).ended;
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(code).toBe(0);
}, 20_000);

it('shows how a command is used when an argument is missing', async () => {
  const { stderr, code } = await farm('submit');
  expect(stderr).toContain("missing required argument 'films'");
  expect(stderr).toContain('Usage: farm submit [options] <films...>');
  expect(code).toBe(1);
}, 20_000);

it('says how a file is named whose name begins with "-"', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, '-dash.mp4'), '');
  const named = await farmCommand(folder.path, ['submit', '-dash.mp4']);
  expect(named.stderr).toContain("unknown option '-dash.mp4'\n(To name the file, write ./-dash.mp4)\nUsage:");
  const missing = await farmCommand(folder.path, ['submit', '-other.mp4']);
  expect(missing.stderr).not.toContain('To name the file');
}, 20_000);

it.each([
  [['submit', '--json'], { error: { message: "missing required argument 'films'" } }],
  [['webhooks', 'list', '--json', '--nope'], { error: { message: "unknown option '--nope'" } }],
  [
    ['demo', '--json', '--workers', 'x'],
    {
      state: 'failed',
      error: {
        message: "option '--workers <number>' argument 'x' is invalid. Expected a whole number from 1 to 16.",
      },
    },
  ],
])(
  '%j: prints what is wrong as JSON where that is asked for',
  async (args, answer) => {
    const { stdout, stderr, code } = await farm(...args);
    expect(JSON.parse(stdout)).toMatchObject(answer);
    expect(stderr).toContain('Usage: farm');
    expect(code).toBe(1);
  },
  20_000,
);

it('proposes the command that an unknown one resembles', async () => {
  const { stderr, code } = await farm('sumbit');
  expect(stderr).toContain('Did you mean submit?');
  expect(code).toBe(1);
}, 20_000);

it('says that there is no such command when its help is asked for', async () => {
  const { stdout, stderr, code } = await farm('help', 'sumbit');
  expect(stderr).toContain("unknown command 'sumbit'\n(Did you mean submit?)");
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect((await farm('help', 'submit')).stdout).toContain('Usage: farm submit [options] <films...>');
}, 20_000);

it('says what to install when a package is missing that only other commands need', async () => {
  const hooks = `import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => next(name === '@aws-sdk/client-ec2' ? 'not-there' : name, context) });`;
  await using folder = await temporaryFolder();
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hooks)}` };
  const { stderr, code } = await startFarmCommand(folder.path, ['doctor'], env).ended;
  expect(stderr).toMatch(
    /^The package not-there is not installed yet\. Run "npm install" in \/.*, and then this/,
  );
  expect(code).toBe(1);
}, 20_000);

it.each([120, 80, 40])(
  'writes no help wider than a terminal of %i columns',
  async (columns) => {
    const program = await makeProgram(['completion'], '0.0.0');
    const each = (command: Command): Command[] => [command, ...command.commands.flatMap(each)];
    for (const command of each(program)) {
      command.configureOutput({ getOutHelpWidth: () => columns });
      const lines = command.helpInformation().split('\n');
      // A word that is longer than the terminal is wide stays whole.
      const isTooWide = (line: string) => line.length > columns && line.trim().includes(' ');
      expect(lines.filter(isTooWide), command.name()).toEqual([]);
      expect(command.helpInformation()).toMatch(/-h, --help\s+show help/);
    }
  },
  40_000,
);

it('leaves it to the terminal to break what stands below the options', async () => {
  const { stdout } = await farm('init', '--help');
  expect(stdout).toContain('looks for what "pulumi up" would fail at. It deploys nothing.\n');
}, 20_000);

it('describes no default of an option by a number without a unit', async () => {
  const { stdout } = await farm('webhooks', '--help');
  expect(stdout).toContain('(default: a day)');
  expect((await farm('webhooks', 'redeliver', '--help')).stdout).not.toContain('default: []');
}, 40_000);
