import type { Readable } from 'node:stream';

export interface ObjectInfo {
  sizeBytes: number;
  /** As storage gives it, quotes included: fit for If-Match. */
  etag: string;
  versionId?: string;
  contentType?: string;
  lastModified?: Date;
  /** Set when the object is in an archive class of S3 and can't be read now. */
  archive?: Archive;
}

export interface Archive {
  /** S3's name for it: `GLACIER`, `DEEP_ARCHIVE`, or a tier of Intelligent-Tiering. */
  storageClass: string;
  isRestoring: boolean;
}

export interface PutOptions {
  contentType: string;
  cacheControl: string;
  signal?: AbortSignal;
}

/**
 * One bucket. The only way the worker talks to object storage, and the same for S3, R2 and Wasabi. Every call retries
 * what can pass (network, 5xx, throttling) with backoff and jitter, gives up on a connection without bytes, and throws
 * an error that names bucket and key.
 */
export interface Store {
  readonly bucket: string;
  /** Undefined when there is no such object. */
  head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined>;
  /** Bytes `start` to `end` (inclusive) of the version `etag`. Throws `SourceChangedError` when the object is another now, or gone. */
  readRange(
    key: string,
    range: { start: number; end: number },
    etag: string,
    signal?: AbortSignal,
  ): Promise<Readable>;
  /** A small object, whole. Undefined when there is none. */
  get(key: string, signal?: AbortSignal): Promise<Buffer | undefined>;
  put(key: string, body: Buffer | string, options: PutOptions): Promise<void>;
  /** A local file; `sizeBytes` is checked against what was read. */
  putFile(key: string, path: string, options: PutOptions): Promise<{ sizeBytes: number }>;
  list(
    prefix: string,
    signal?: AbortSignal,
  ): AsyncIterable<{ key: string; sizeBytes: number; lastModified?: Date }>;
  remove(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  close(): void;
}
