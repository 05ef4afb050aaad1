import { stripVTControlCharacters } from 'node:util';
import { asTyped } from './as-typed.ts';

/** How wide a terminal is; undefined for files and pipes, which get each line whole. */
export function terminalColumns(stream: NodeJS.WriteStream): number | undefined {
  return stream.isTTY ? stream.columns || undefined : undefined;
}

/**
 * Text for a stream: commands in it as they can be typed, and lines that its terminal would break within words broken
 * between them.
 */
export function fitTo(stream: NodeJS.WriteStream, text: string): string {
  const columns = terminalColumns(stream);
  const typed = asTyped(text);
  if (columns === undefined) return typed;
  return typed
    .split('\n')
    .flatMap((line) => wrapLine(line, columns))
    .join('\n');
}

/**
 * Commands and JSON stay in one line, as what is broken can't be copied; the terminal shows them in several. What is said of
 * a command behind two spaces or more goes below it.
 */
const copied = /^ *(?:fix: +|or +)?(?:(?:aws|cp|docker|export|farm|gh|npm|npx|pulumi) \S|\{")/;

/**
 * A line in pieces of at most `columns`. The pieces after the first begin below the line's text, where two spaces or more
 * set it off from a label; a label that takes more than half of the columns has its line for itself. Words stay whole, as a
 * broken address or id could not be copied. Colours may be in the line.
 */
export function wrapLine(line: string, columns: number): string[] {
  const shown = stripVTControlCharacters(line);
  if (shown.length <= columns) return [line];
  const indent = /^ */.exec(shown)?.[0].length ?? 0;
  const half = Math.floor(columns / 2);
  const below = ' '.repeat(Math.min(indent + 4, half));
  const command = copied.exec(shown)?.[0];
  if (command !== undefined) {
    const remark = command.endsWith('"') ? -1 : shown.slice(command.length).search(/ {2,}\S/);
    if (remark < 0) return [line];
    const at = indexOfColumn(line, command.length + remark);
    return [line.slice(0, at), ...wrapLine(below + line.slice(at).replace(/ +/, ''), columns)];
  }
  const texts = [...shown.matchAll(/(?<=\S) {2,}(?=\S)/g)].map(({ index, 0: gap }) => index + gap.length);
  const hang = texts.findLast((start) => start <= half);
  const [behindLabel] = texts;
  if (hang === undefined && behindLabel !== undefined && behindLabel <= columns) {
    const at = indexOfColumn(line, behindLabel);
    return [line.slice(0, at).trimEnd(), ...wrapLine(below + line.slice(at), columns)];
  }
  return fill(line, columns, hang ?? Math.min(indent, half));
}

function fill(line: string, columns: number, hang: number): string[] {
  const lines = [''];
  let width = 0;
  for (const [, gap = '', word = ''] of line.matchAll(/( *)([^ ]+)/g)) {
    const wordWidth = stripVTControlCharacters(word).length;
    const lead = Math.min(hang, columns - wordWidth);
    if (width + gap.length + wordWidth > columns && lead >= 0 && width > lead) {
      lines.push(' '.repeat(lead) + word);
      width = lead + wordWidth;
    } else {
      lines[lines.length - 1] += gap + word;
      width += gap.length + wordWidth;
    }
  }
  return lines;
}

/** Colours, or a character. */
const pieces = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m|.`, 'g');

/** Where a column of the shown text is in a line with escape sequences of colours, which take no column. */
function indexOfColumn(line: string, column: number): number {
  let seen = 0;
  for (const { index, 0: piece } of line.matchAll(pieces)) {
    if (seen === column) return index;
    if (piece.length === 1) seen += 1;
  }
  return line.length;
}
