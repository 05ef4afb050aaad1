import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf } from '../../../cli/completion/tree.ts';
import { farmCommand } from '../../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { FILES, isHere, offersOf, type Shell } from './shells.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await farmCommand(folder.path, ['completion', shell]);
    await writeFile(join(folder.path, `farm.${shell}`), stdout);
  }
}, 40_000);
afterAll(() => folder[Symbol.asyncDispose]());

/** What stands behind each line after Tab. */
const offers = {
  'farm s': ['status', 'submit', 'subtitles'],
  'farm webhook ': ['test'],
  'farm jobs --st': ['--stack', '--state'],
  'farm jobs --state r': ['retrying', 'running'],
  'farm webhook test --event f': ['failed'],
  'farm submit --title x ': [FILES],
  'farm submit --title ': [],
  'farm status --farm ': [FILES],
  'farm plan --assets ': [FILES],
  'farm submit --ladder m': ['mobile'],
  'farm submit --lane ': ['bulk', 'normal', 'urgent'],
  'farm submit --lane=': ['bulk', 'normal', 'urgent'],
  'farm submit --quality=s': ['saver', 'standard'],
  'farm submit --fit ': ['crop', 'pad'],
  'farm completion ': ['bash', 'fish', 'zsh'],
  // Jobs and presets are asked of the farm that the line names.
  'farm status s': ['second-job'],
  'farm cancel first-job ': ['first-job', 'second-job'],
  'farm logs --stack prod p': ['prod-job'],
  'farm get first-job --o': ['--output'],
  'farm submit --preset ': ['social', 'studio'],
  'farm plan night.mp4 --preset so': ['social'],
  // Commands below a command stand where its own argument would, and its options stay its own.
  'farm subtitles ': ['add', 'first-job', 'list', 'remove', 'second-job'],
  'farm subtitles first-job --j': ['--json'],
  'farm webhooks --since 2h --b': ['--batch'],
  'farm subtitles add --en': ['--encoding'],
  'farm add --en': [],
  'farm subtitles add first-job ': [FILES],
  'farm add first-job ': ['flac', 'gif', 'm4a', 'mp3', 'mp4', 'webm'],
  'farm add first-job mp4 w': ['webm'],
  'farm submit --outputs h': ['hls'],
  // The name of a command is an argument like any other behind a command.
  'farm logs plan --vi': [],
};

describe.each<Shell>(['bash', 'zsh', 'fish'])('%s', (shell) => {
  it.skipIf(!isHere(shell))(
    'completes commands, flags, choices, files, jobs and presets',
    async () => {
      expect(await offersOf(shell, folder.path, Object.keys(offers))).toEqual(offers);
    },
    80_000,
  );
});

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
  expect(root).toMatchObject({ path: [], subcommands: ['make'], arguments: [] });
  expect(make).toMatchObject({
    path: ['make'],
    description: 'Make it',
    arguments: [{ place: 1, repeats: true, values: { kind: 'files' } }],
  });
  expect(make?.options.slice(0, 3)).toEqual([
    { flag: '--farm', description: 'a file', values: { kind: 'files' } },
    { flag: '--name', description: 'a name', values: { kind: 'any' } },
    { flag: '--dry-run', description: 'only report', values: undefined },
  ]);
});
