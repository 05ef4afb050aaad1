import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../helpers/media/clips.ts';

const setup = new URL('../../../scripts/setup/process.mjs', import.meta.url).href;
/** `script` of util-linux gives a command a terminal. */
const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');

it.skipIf(!hasTerminal)(
  'counts the seconds of a long step on a terminal, and then says how many it took',
  async () => {
    await using folder = await temporaryFolder();
    const step = join(folder.path, 'step.mjs');
    await writeFile(
      step,
      `import { runQuietly, say } from '${setup}';
const done = say('Installing', { counts: true });
runQuietly(['sleep', process.argv[2]], { failure: 'Nothing was installed.' });
done();\n`,
    );
    const { stdout } = spawnSync('script', ['-qec', `"${process.execPath}" "${step}" 2.5`, '/dev/null'], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^Installing \.\.\. 1 s/);
    expect(stdout).toMatch(/ done \(\d+ s\)\r\n$/);
    const { stderr } = spawnSync(process.execPath, [step, '0.1'], { encoding: 'utf8' });
    expect(stderr).toMatch(/^Installing \.\.\. done \(\d+ s\)\n$/);
  },
  30_000,
);
