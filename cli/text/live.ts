import { stripVTControlCharacters } from 'node:util';
import { clip } from './style.ts';

/** Lines that a terminal redraws in place; anywhere else they are not shown. */
export interface Live {
  show(lines: readonly string[]): void;
  /** Takes the lines away; what is printed afterwards stays. */
  clear(): void;
}

export function openLive(stream: NodeJS.WriteStream): Live {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined };
  let drawn = 0;
  const erase = () => (drawn > 0 ? `\x1b[${drawn}A\r\x1b[J` : '\x1b[?25l');
  return {
    show: (lines) => {
      // More lines than the terminal has can't be taken back, nor a line that it breaks in two.
      const fit = lines
        .slice(0, Math.max(1, (stream.rows || 24) - 1))
        .map((line) => clipShown(line, stream.columns || 80));
      stream.write(`${erase()}${fit.map((line) => `${line}\n`).join('')}`);
      drawn = fit.length;
    },
    clear: () => {
      if (drawn > 0) stream.write(`${erase()}\x1b[?25h`);
      drawn = 0;
    },
  };
}

/** A line that is cut loses its colours. */
function clipShown(line: string, columns: number): string {
  const shown = stripVTControlCharacters(line);
  return [...shown].length <= columns ? line : clip(shown, columns);
}
