import type { Part, Storyboard } from './plan.ts';
import type { Size } from './sizes.ts';

/** Longer side of a tile in pixels. */
const tileSide = 160;

/** Tiles across and down a sheet at most: 1600 x 1600, small enough for every decoder. */
const sheetSide = 10;

const wantedTiles = 50;

/** Longest time between tiles: with more, a viewer finds nothing by hovering. */
const longestIntervalSeconds = 18;

/**
 * About 50 tiles for films under 15 minutes (one every second at most), and one every 18 s for longer ones. Every part
 * has at least one.
 */
export function planStoryboard(film: Size, endSeconds: number, parts: readonly Part[]): Storyboard {
  const lengths = partLengths(parts, endSeconds);
  const interval = Math.min(longestIntervalSeconds, Math.ceil(endSeconds / wantedTiles));
  const intervalSeconds = Math.max(1, Math.min(interval, Math.floor(Math.min(...lengths))));
  const tiles = Math.max(1, Math.ceil(Math.max(...lengths) / intervalSeconds));
  const columns = Math.min(sheetSide, tiles);
  const scale = Math.min(1, tileSide / Math.max(film.width, film.height));
  return {
    intervalSeconds,
    tileWidth: even(film.width * scale),
    tileHeight: even(film.height * scale),
    columns,
    rows: Math.min(sheetSide, Math.ceil(tiles / columns)),
  };
}

function partLengths(parts: readonly Part[], endSeconds: number): number[] {
  return parts.flatMap((part) =>
    part.kind === 'video' ? [(part.endSeconds ?? endSeconds) - part.startSeconds] : [],
  );
}

function even(side: number): number {
  return Math.max(2, 2 * Math.round(side / 2));
}
