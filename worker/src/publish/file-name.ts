import { basename, extname } from 'node:path/posix';
import type { FilmFile } from './film-files.ts';

/** Of names with more, file systems of today refuse some. */
const longestName = 120;

/**
 * The header by which a browser saves a file under the film's title instead of the last word of its key.
 * RFC 6266: the plain name is for old browsers, the one in UTF-8 (RFC 8187) for all others.
 */
export function contentDisposition(
  { name, video }: Pick<FilmFile, 'name' | 'video'>,
  { title, source }: { title?: string | undefined; source: string },
): string {
  const film = printable(title ?? stemOf(source)) || 'film';
  const label = video?.name ?? name.slice(0, -extname(name).length);
  const full = `${[...film].slice(0, longestName).join('')} ${label}${extname(name)}`;
  const plain = full.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(full.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function stemOf(source: string): string {
  const name = basename(source.split(/[?#]/)[0] ?? '');
  return name.slice(0, name.length - extname(name).length);
}

/** Without what no file name may hold. */
function printable(text: string): string {
  return text.replaceAll(/[\p{C}/\\:*?"<>|\s]+/gu, ' ').trim();
}
