import type { FileHandle } from 'node:fs/promises';

/** A piece of an object that goes up by itself. */
export interface Part {
  /** From 1. */
  number: number;
  /** What `body` lies in: it is used again when storage has the part. */
  buffer: Buffer;
  body: Buffer;
}

/** Parts of an object, each read when it is asked for. @param takeBuffer memory for one part */
export type Parts = (takeBuffer: () => Buffer) => AsyncIterable<Part>;

/**
 * An object from its first part to its last.
 * @param fill fills the buffer as far as there are bytes, and returns how many; only the last one is not filled
 */
function partsInOrder(fill: (buffer: Buffer) => Promise<number>): Parts {
  return async function* (takeBuffer) {
    for (let number = 1, isFull = true; isFull; number++) {
      const buffer = takeBuffer();
      const length = await fill(buffer);
      isFull = length === buffer.length;
      // An object of no bytes has a part too.
      if (length === 0 && number > 1) return;
      yield { number, buffer, body: buffer.subarray(0, length) };
    }
  };
}

/** A file of `sizeBytes`, which stays open until storage has all of it. */
export function partsOfFile(file: FileHandle, sizeBytes: number): Parts {
  let at = 0;
  return partsInOrder(async (buffer) => {
    const { length } = await readFully(file, buffer, at, sizeBytes);
    at += length;
    return length;
  });
}

/** What has no length yet, as it comes. */
export function partsOfStream(bytes: AsyncIterable<Buffer>): Parts {
  const chunks = bytes[Symbol.asyncIterator]();
  let rest: Buffer | undefined = Buffer.alloc(0);
  return partsInOrder(async (buffer) => {
    let filled = 0;
    while (rest !== undefined && filled < buffer.length) {
      if (rest.length === 0) rest = ((await chunks.next()).value as Buffer | undefined) ?? undefined;
      const taken: number = rest?.copy(buffer, filled) ?? 0;
      rest = rest?.subarray(taken);
      filled += taken;
    }
    return filled;
  });
}

/** A file's bytes from `start` on: as many as the buffer takes, or fewer where it ends at `sizeBytes`. */
async function readFully(
  file: FileHandle,
  buffer: Buffer,
  start: number,
  sizeBytes: number,
): Promise<Buffer> {
  const body = buffer.subarray(0, Math.min(buffer.length, sizeBytes - start));
  for (let filled = 0; filled < body.length; ) {
    const { bytesRead } = await file.read(body, filled, body.length - filled, start + filled);
    if (bytesRead === 0) throw new Error(`A file became shorter than ${sizeBytes} bytes while it was read.`);
    filled += bytesRead;
  }
  return body;
}
