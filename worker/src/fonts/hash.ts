import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Twelve hex digits over the contents of files, in their order. */
export async function hashOfFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(await readFile(path));
  return hash.digest('hex').slice(0, 12);
}
