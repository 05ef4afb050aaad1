import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { checkCredentials } from '../../cli/doctor/account.ts';
import { readPlannedStack } from '../../cli/doctor/deployment/stack.ts';
import { allFindingLines } from '../../cli/doctor/text.ts';
import { askAll } from '../../cli/init/ask.ts';
import { initQuestions } from '../../cli/init/questions.ts';
import { stackFileOf } from '../../cli/init/stack-file.ts';
import { nextLines, writtenLine } from '../../cli/init/text.ts';
import type { Style } from '../../cli/text/style.ts';
import { loggedOut } from './sample-doctor.ts';

const stack = 'films';

/** What `farm init` prints where only the region is typed, without a login; without what this machine has. */
export async function initOutput(style: Style): Promise<string[]> {
  const out = new PassThrough();
  const shown = text(out);
  const input = Readable.from(['eu-west-1\n\n\n\n\n']);
  const answers = await askAll(
    initQuestions({}),
    {},
    { input, out, stop: new AbortController().signal, style },
  );
  out.end();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'farm-docs-'));
  await writeFile(join(folder.path, `Pulumi.${stack}.yaml`), stackFileOf(answers));
  const { finding } = await readPlannedStack(stack, folder.path);
  return [
    ...(await shown)
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd()),
    '',
    writtenLine(stack),
    '',
    ...allFindingLines([finding, await checkCredentials(loggedOut(), undefined)], style),
    '',
    ...nextLines(stack, style),
  ];
}
