import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { SourceObject } from './source.ts';

/** A film on this machine's disk, served to ffmpeg as every film is. */
export function fileSource(path: string): SourceObject {
  return {
    name: path,
    async describe() {
      return { sizeBytes: (await stat(path)).size, etag: '"file"' };
    },
    async readRange({ start, end }) {
      return createReadStream(path, { start, end });
    },
  };
}
