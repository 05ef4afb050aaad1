import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What Docker is sent of the repository: `.dockerignore` lets in nothing else. */
export const contextPaths = ['.npmrc', 'package.json', 'package-lock.json', 'worker'] as const;

/** Never sent, whatever folder it is in. */
export const leftOut = 'node_modules';

/**
 * A tag for the image of what Docker is sent: names, modes and bytes of all files, in order. Modes too, as the build
 * provider builds again when one changes, and the same tag would then be refused.
 *
 * @throws Error of the file system when one of the paths is not there
 */
export function hashOfContext(root: URL): string {
  const hash = createHash('sha256');
  for (const path of contextPaths) addPath(hash, fileURLToPath(root), path);
  return hash.digest('hex').slice(0, 16);
}

function addPath(hash: ReturnType<typeof createHash>, root: string, path: string): void {
  const full = join(root, path);
  const stats = statSync(full);
  if (stats.isDirectory()) {
    for (const entry of readdirSync(full).sort()) {
      if (entry !== leftOut) addPath(hash, root, `${path}/${entry}`);
    }
    return;
  }
  const bytes = readFileSync(full);
  hash.update(`${path} ${(stats.mode & 0o777).toString(8)} ${bytes.length}\n`).update(bytes);
}
