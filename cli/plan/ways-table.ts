import { clip, type Style } from '../text/style.ts';
import { formatSeconds, formatUsd } from '../text/units.ts';
import { wrapLine } from '../text/wrap.ts';
import type { Way } from './ways.ts';

/** A line for each way, none longer than `columns`. Narrow terminals see fewer columns. */
export function wayLines(ways: readonly Way[], style: Style, columns: number): string[] {
  const isNarrow = columns < 60;
  const heads = isNarrow
    ? ['way', 'whole', 'cost']
    : ['way', 'whole after', 'cost', 'of it waking', 'one is'];
  const rows = ways.map((way) => {
    const cells = [
      `${way.isOwn ? '*' : ' '} ${wayName(way)}`,
      formatSeconds(way.wholeSeconds),
      formatUsd(way.usd),
    ];
    return isNarrow ? cells : [...cells, formatUsd(way.wakingUsd), way.machine];
  });
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const [widest = 0, ...others] = widths;
  // Figures are never cut.
  widths[0] = Math.min(widest, columns - others.slice(0, 2).reduce((sum, width) => sum + width + 2, 0));
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) => {
      const isText = column === 0 || column === 4;
      const width = widths[column] ?? 0;
      return isText ? (column === 0 ? clip(cell, width) : cell).padEnd(width) : cell.padStart(width);
    });
    return clip(padded.join('  ').trimEnd(), columns);
  };
  const notes = [
    'From the upload to a sleeping farm; * as planned above.',
    ...(ways.some(({ basis }) => basis === 'limit') ? ['GPUs: by a share of their published limits.'] : []),
  ];
  return [
    style.dim(line(heads)),
    ...ways.map((way, nth) => (way.isOwn ? style.bold(line(rows[nth] ?? [])) : line(rows[nth] ?? []))),
    ...notes.flatMap((note) => wrapLine(note, columns)).map((text) => style.dim(text)),
  ];
}

/** `3 Spot GPUs`, `1 Fargate task`, `146 functions`. */
export function wayName({ compute, market, workers }: Pick<Way, 'compute' | 'market' | 'workers'>): string {
  const several = workers === 1 ? '' : 's';
  if (compute === 'function') return `${workers} function${several}`;
  const spot = market === 'spot' ? 'Spot ' : '';
  return compute === 'gpu' ? `${workers} ${spot}GPU${several}` : `${workers} Fargate ${spot}task${several}`;
}
