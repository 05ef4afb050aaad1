import type { KindResult } from './self-test.ts';

const paths = {
  gpu: 'GPU decodes',
  upload: 'CPU decodes, GPU scales',
  cpu: 'CPU',
} as const;

const headings = ['kind', 'result', 'way', 'frames', 'speed', 'renditions'];
const widths = [26, 9, 24, 7, 7, 0];

export const heading = row(headings);

/** A line of the table; what went wrong, or why the CPU decodes, is at its end. */
export function resultRow({ kind, state, path, frames, speed, renditions, note }: KindResult): string {
  const cells = [
    ...[kind, state, path ? paths[path] : '-', frames === undefined ? '-' : String(frames)],
    ...[speed === undefined ? '-' : `${speed.toFixed(speed < 10 ? 1 : 0)}x`, renditions?.join(' ') ?? '-'],
  ];
  return row(cells) + (note === undefined ? '' : `  (${note})`);
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, n) => cell.padEnd(widths[n] ?? 0))
    .join(' ')
    .trimEnd();
}
