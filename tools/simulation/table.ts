import type { Measures } from './measure.ts';

/** Rows of texts as lines, columns under each other: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

export const measureHeads = [
  'policy',
  'encoding starts p50',
  'p95',
  'film whole p50',
  'p95',
  'bought h',
  'used h',
  'ratio',
  'tail min',
  'killed',
  'Spot',
  'twice',
  'wasted h',
  'undone',
];

export function measureRow(name: string, measures: Measures): string[] {
  const { encodingStartsSeconds, filmMinutes, killed, lostToSpot, twice, unfinished } = measures;
  return [
    name,
    duration(encodingStartsSeconds.p50),
    duration(encodingStartsSeconds.p95),
    duration(filmMinutes.p50 * 60),
    duration(filmMinutes.p95 * 60),
    measures.boughtHours.toFixed(1),
    measures.usedHours.toFixed(1),
    measures.boughtPerUsed.toFixed(2),
    Number.isNaN(measures.idleTailMinutes) ? '-' : measures.idleTailMinutes.toFixed(1),
    ...[killed, lostToSpot, twice].map(String),
    measures.wastedHours.toFixed(1),
    String(unfinished),
  ];
}

/** Seconds as one reads them: `132 s`, `10.8 min`, `2.9 h`. */
export function duration(seconds: number): string {
  if (seconds < 300) return `${seconds.toFixed(0)} s`;
  return seconds < 3 * 3600 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
