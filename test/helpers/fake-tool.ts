import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A program in the place of ffmpeg: tells its version when asked, writes its arguments to `arguments.txt`, one a line,
 * and then does what the shell script says. It has no PATH, as ffmpeg has none.
 */
export async function fakeTool(folder: string, name: string, script: string): Promise<string> {
  const path = join(folder, name);
  const lines = [
    '#!/bin/sh',
    'if [ "$1" = -version ]; then echo "ffmpeg version 7.1-fake Copyright"; exit 0; fi',
    `for argument; do echo "$argument"; done >"${folder}/arguments.txt"`,
    'export PATH=/usr/bin:/bin',
    script,
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  await chmod(path, 0o755);
  return path;
}

/** What the fake was called with. */
export async function argumentsSeen(folder: string): Promise<string[]> {
  return (await readFile(join(folder, 'arguments.txt'), 'utf8')).trimEnd().split('\n');
}
