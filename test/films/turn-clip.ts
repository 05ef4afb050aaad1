import { readFile, writeFile } from 'node:fs/promises';
import type { Turn } from '../helpers/media/pattern.ts';

/** Rows of the matrix that turns a picture clockwise, without its translation. */
const matrices: Record<Turn, readonly [a: number, b: number, c: number, d: number]> = {
  0: [1, 0, 0, 1],
  90: [0, 1, -1, 0],
  180: [-1, 0, 0, -1],
  270: [0, -1, 1, 0],
};

/**
 * Writes a turn into the track header of an MP4 film of one track, as phones do. ffmpeg has no option for it that all of
 * its versions know.
 */
export async function turnClip(path: string, turn: Turn): Promise<string> {
  const bytes = await readFile(path);
  const header = bytes.indexOf('tkhd');
  const matrix = header + 44;
  if (header < 0 || bytes[header + 4] !== 0) throw new Error(`${path} has no track header of version 0.`);
  const [a, b, c, d] = matrices[turn];
  for (const [index, value] of [a, b, 0, c, d].entries())
    bytes.writeInt32BE(value * 0x10000, matrix + index * 4);
  await writeFile(path, bytes);
  return path;
}
