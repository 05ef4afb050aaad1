const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of exactly `width` columns, filled by `share` (0 to 1) to an eighth of a column. */
export function bar(share: number, width: number, empty = '░'): string {
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const part = eighths[filled % 8] ?? '';
  const shown = '█'.repeat(Math.floor(filled / 8)) + part;
  return shown + empty.repeat(width - shown.length);
}
