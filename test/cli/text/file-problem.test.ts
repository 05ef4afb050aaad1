import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sentence } from '../../../cli/farm/sentence.ts';
import { fileProblem } from '../../../cli/text/file-problem.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';

it('names a file and what is wrong with it, without codes and calls of the system', async () => {
  await using folder = await temporaryFolder();
  const missing = join(folder.path, 'none', 'table.json');
  const failed = await writeFile(missing, '').catch((error: Error) => error);
  expect(fileProblem(failed)).toBe(`no such file or folder: ${missing}`);
  expect(sentence(failed)).toBe(`No such file or folder: ${missing}.`);
  const films = join(folder.path, 'films');
  await mkdir(films);
  const read = await readFile(films).catch((error: NodeJS.ErrnoException) => error);
  expect(fileProblem(read, films)).toBe(`this is a folder, not a file: ${films}`);
});

it('knows nothing of errors that are not of a file', () => {
  expect(fileProblem(new Error('no'))).toBeUndefined();
  expect(fileProblem(Object.assign(new Error('no'), { code: 'ENOENT' }))).toBeUndefined();
});
