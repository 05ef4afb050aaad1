import type { Readable } from 'node:stream';

/** No line of ffmpeg that is of use is longer. */
const maxLineChars = 64 * 1024;

/**
 * Hands on the lines of a stream one by one, and holds no more than one: the rest of a longer line is dropped.
 * @returns resolves at the stream's end
 */
export function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    for (const [index, line] of lines.entries())
      onLine((index === 0 ? rest + line : line).slice(0, maxLineChars));
    rest = (lines.length === 0 ? rest + last : last).slice(0, maxLineChars);
  });
  return new Promise((resolve) => {
    stream.once('close', () => {
      if (rest !== '') onLine(rest);
      resolve();
    });
  });
}
