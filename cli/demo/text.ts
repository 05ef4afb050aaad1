import type { Style } from '../text/style.ts';
import { formatBytes } from '../text/units.ts';

/** Where the film plays. */
export function pageLine(page: string, style: Style): string {
  return `Page    ${style.bold(page)}`;
}

/** @param kept what `--out` left of the film; undefined: nothing */
export function filesLine(kept?: { playlist: string; files: number; bytes: number }): string {
  return kept === undefined
    ? "Files   in the farm's own storage, removed at the end; --out DIR keeps them"
    : `Files   ${kept.playlist} (${kept.files} files, ${formatBytes(kept.bytes)})`;
}

/** @param path of the farm's address */
export function keptLine(path: string): string {
  return `Farm    running for the other commands, such as "farm submit FILE" (${path})`;
}

export const endLines = ['', 'Ctrl-C ends everything.'] as const;
