import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const record = 'SHA256SUMS.json';

export function cacheFolder(root, version) {
  return join(root, 'node_modules', '.cache', 'ffmpeg', version);
}

/** True when every file is as it was when the folder was made. */
export function isWhole(folder) {
  try {
    const recorded = readFileSync(join(folder, record), 'utf8');
    return recorded === contents(folder);
  } catch {
    return false;
  }
}

export function recordContents(folder) {
  writeFileSync(join(folder, record), contents(folder));
}

function contents(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== record)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const sums = files.map((path) => [
    path.slice(folder.length + 1),
    createHash('sha256').update(readFileSync(path)).digest('hex'),
  ]);
  return `${JSON.stringify(Object.fromEntries(sums), null, 1)}\n`;
}
