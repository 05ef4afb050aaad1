import { type FileHandle, open } from 'node:fs/promises';

/**
 * Whether an MP4 is whole, and has its index before its media. ffmpeg 5.1 ends well also where it could not write the index:
 * https://github.com/FFmpeg/FFmpeg/blob/n5.1/fftools/ffmpeg_mux.c (`of_write_trailer`)
 */
export async function hasIndexFirst(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const types: string[] = [];
  let end = 0;
  while (end < size && types.at(-1) !== 'mdat') {
    const box = await readHead(file, end);
    if (box === undefined || !/^(ftyp|moov|free|wide|mdat)$/.test(box.type)) return false;
    types.push(box.type);
    end += box.sizeBytes;
  }
  return end === size && types.includes('moov') && types.at(-1) === 'mdat';
}

async function readHead(
  file: FileHandle,
  start: number,
): Promise<{ type: string; sizeBytes: number } | undefined> {
  const head = Buffer.alloc(16);
  const { bytesRead } = await file.read(head, 0, head.length, start);
  if (bytesRead < 8) return undefined;
  const short = head.readUInt32BE(0);
  const sizeBytes = short === 1 ? Number(head.readBigUInt64BE(8)) : short;
  return sizeBytes < 8 ? undefined : { type: head.toString('latin1', 4, 8), sizeBytes };
}
