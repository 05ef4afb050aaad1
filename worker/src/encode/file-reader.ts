import { open } from 'node:fs/promises';

/** Reads a file and hands over its bytes, which are only there until `use` returns. */
export type FileReader = <T>(path: string, use: (data: Buffer) => T) => Promise<T>;

/**
 * Reads one file at a time, all into the same memory: a buffer for each segment would be garbage that the process
 * carries until its next collection.
 */
export function createFileReader(): FileReader {
  let memory = Buffer.alloc(0);
  let turn: Promise<unknown> = Promise.resolve();

  async function read(path: string): Promise<Buffer> {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (memory.length < size) memory = Buffer.allocUnsafeSlow(Math.ceil(size * 1.5));
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(memory, length, size - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return memory.subarray(0, length);
  }

  return (path, use) => {
    const reading = turn.then(async () => use(await read(path)));
    turn = reading.catch(() => undefined);
    return reading;
  };
}
