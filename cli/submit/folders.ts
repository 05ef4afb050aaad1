import { readdir } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import type { Film } from './film.ts';

/** Names of films end so; letter case does not count. */
const filmSuffixes = new Set(
  '.mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .mxf .ts .m2ts .wmv .flv .ogv .3gp .mp3 .m4a .wav .flac'.split(
    ' ',
  ),
);

/** The films in a folder and below, by name. Their keys begin with the folder's name. */
export async function filmsIn(folder: string): Promise<Extract<Film, { kind: 'file' }>[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .filter((entry) => filmSuffixes.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => {
      const key = [basename(folder), ...relative(folder, path).split(/[\\/]/)].join('/');
      return { kind: 'file', name: key, path, key };
    });
}
