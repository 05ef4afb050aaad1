import { readFile, writeFile } from 'node:fs/promises';

const containers = ['moov', 'trak', 'mdia', 'minf', 'stbl'];

/**
 * Puts a box into the video's sample entry of an MP4 or MOV file whose index comes last, beside the box named `beside`.
 * @param payload what is in the box
 */
export async function addToSampleEntry(
  path: string,
  beside: string,
  name: string,
  payload: Buffer,
): Promise<void> {
  const file = await readFile(path);
  const at = file.indexOf(beside, file.lastIndexOf('moov')) - 4;
  const box = Buffer.alloc(8 + payload.length);
  box.writeUInt32BE(box.length, 0);
  box.write(name, 4, 'latin1');
  payload.copy(box, 8);
  for (const parent of parentsOf(file, at, 0, file.length))
    file.writeUInt32BE(file.readUInt32BE(parent) + box.length, parent);
  await writeFile(path, Buffer.concat([file.subarray(0, at), box, file.subarray(at)]));
}

/** Where the boxes begin that hold a position, the outermost first. */
function parentsOf(file: Buffer, at: number, from: number, to: number): number[] {
  for (let box = from; box + 8 <= to; box += file.readUInt32BE(box)) {
    const size = file.readUInt32BE(box);
    if (at <= box || at >= box + size) continue;
    const name = file.toString('latin1', box + 4, box + 8);
    // A table of entries begins with eight bytes of its own; a sample entry holds no box that is asked for here.
    const inside = name === 'stsd' ? box + 16 : containers.includes(name) ? box + 8 : undefined;
    return [box, ...(inside === undefined ? [] : parentsOf(file, at, inside, box + size))];
  }
  return [];
}
