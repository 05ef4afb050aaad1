import type { Style } from './style.ts';

interface TableColumn {
  head: string;
  isRight?: true;
  /** Where the terminal is too narrow for all, columns with the highest number are left out first; 0 always stays. */
  spare?: number;
}

/** A table whose columns are as wide as their cells, under a header; it leaves out columns that a terminal has no room for. */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  style: Style,
  terminalColumns = Number.POSITIVE_INFINITY,
): string[] {
  const all = columns.map(({ head, isRight, spare = 0 }, at) => {
    const cells = rows.map((row) => row[at] ?? '');
    const width = Math.max(...[head, ...cells].map(({ length }) => length));
    const pad = (text: string) => (isRight ? text.padStart(width) : text.padEnd(width));
    return { spare, width, head: pad(head), cells: cells.map(pad) };
  });
  const shown = fitting(all, terminalColumns);
  const line = (cells: readonly string[]) => cells.join(gap).trimEnd();
  return [
    style.dim(line(shown.map(({ head }) => head))),
    ...rows.map((_, at) => line(shown.map(({ cells }) => cells[at] ?? ''))),
  ];
}

const gap = '  ';

function fitting<Column extends { spare: number; width: number }>(
  columns: readonly Column[],
  room: number,
): readonly Column[] {
  const width = columns.reduce((sum, column) => sum + column.width + gap.length, -gap.length);
  const highest = Math.max(...columns.map(({ spare }) => spare));
  if (width <= room || highest === 0) return columns;
  return fitting(
    columns.filter(({ spare }) => spare < highest),
    room,
  );
}
