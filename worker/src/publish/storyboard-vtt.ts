import type { Storyboard } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';

/** Folder of the sheets, beside `storyboardName` in the plan's folder. */
export const storyboardFolder = 'storyboard';
export const storyboardName = 'storyboard.vtt';

interface Tile {
  startSeconds: number;
  image: string;
}

/**
 * WebVTT with the picture that a player shows over its time line: one cue for each tile, from its time to the
 * next one's, with the place in the sheet as a media fragment (W3C Media Fragments URI 1.0, section 4.2.2). Relative
 * to the file itself, so a film can be copied anywhere.
 */
export function storyboardVtt(storyboard: Storyboard, records: readonly PartRecord[]): string {
  const tiles = records
    .flatMap(({ sheets }) => sheets.flatMap((sheet) => tilesOf(storyboard, sheet)))
    .toSorted((a, b) => a.startSeconds - b.startSeconds);
  const end = Math.max(0, ...records.map(({ endSeconds }) => endSeconds));
  const cues = tiles.flatMap((tile, index) => {
    // The first picture stands for all that is before it.
    const from = index === 0 ? 0 : milliseconds(tile.startSeconds);
    const to = milliseconds(tiles[index + 1]?.startSeconds ?? end);
    return to > from ? [`${timestamp(from)} --> ${timestamp(to)}\n${tile.image}\n`] : [];
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

function tilesOf(
  { columns, tileWidth, tileHeight }: Storyboard,
  { file, tileSeconds }: PartRecord['sheets'][number],
): Tile[] {
  return tileSeconds.map((startSeconds, index) => {
    const x = (index % columns) * tileWidth;
    const y = Math.floor(index / columns) * tileHeight;
    const place = `xywh=${x},${y},${tileWidth},${tileHeight}`;
    return { startSeconds, image: `${storyboardFolder}/${encodeURIComponent(file)}#${place}` };
  });
}

function milliseconds(seconds: number): number {
  return Math.max(0, Math.round(seconds * 1000));
}

function timestamp(ms: number): string {
  const pad = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');
  return `${pad(ms / 3_600_000, 2)}:${pad((ms / 60_000) % 60, 2)}:${pad((ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
}
