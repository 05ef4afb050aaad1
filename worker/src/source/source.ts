import type { Readable } from 'node:stream';
import type { ObjectInfo } from '../storage/store.ts';

/** First and last byte, both inclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/** A film where it lies: in a bucket, or behind a URL. */
export interface SourceObject {
  /** For people and logs; holds no secret. */
  readonly name: string;
  /**
   * @param plannedEtag of the version that others read already: of a URL's mirrors, one that has it is looked for
   * @throws RefusedError `source-missing`, `source-empty`, or for URLs `source-address` and `source-ranges`
   */
  describe(signal?: AbortSignal, plannedEtag?: string): Promise<ObjectInfo>;
  /**
   * Bytes of the version that `info` describes. Retries until bytes begin to come; the stream may still break. Its chunks
   * are the caller's, who may free their memory.
   * @throws RefusedError `source-replaced` or `source-missing` when that version is there no more
   */
  readRange(range: ByteRange, info: ObjectInfo, signal?: AbortSignal): Promise<Readable>;
}

/** A key may have 1,024 bytes; an error line should not. */
export function clip(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
