import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Asset, AssetSource } from '../../worker/src/overlays/assets.ts';

/** A folder in the place of the source bucket: images and fonts by their paths in it. */
export function folderAssets(folder: string): AssetSource {
  const find = async (key: string): Promise<Asset | undefined> => {
    const path = join(folder, key);
    // As in a bucket, no key leads out of it.
    if (relative(folder, path).startsWith('..')) return undefined;
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    return { key, etag: `${found.mtimeMs}-${found.size}`, sizeBytes: found.size };
  };
  return {
    name: folder,
    find,
    async *list(prefix) {
      const names = await readdir(join(folder, prefix), { recursive: true }).catch(() => []);
      for (const name of names.sort()) {
        const found = await find(prefix + name.replaceAll(sep, '/'));
        if (found) yield found;
      }
    },
    read: ({ key }) => readFile(join(folder, key)),
  };
}
