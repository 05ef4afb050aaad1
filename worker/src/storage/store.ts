import type { Readable } from 'node:stream';
import type { HeadLastObject } from './head-last.ts';

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
  /** RFC 6266: the name that a browser saves the object under. */
  contentDisposition?: string;
  signal?: AbortSignal;
}

export interface PutFileOptions extends PutOptions {
  /**
   * Leaves the object alone where it has these very bytes. For small files that each worker of a film makes alike: R2 takes
   * one write a second to a key.
   */
  unlessSame?: boolean;
}

/** When a conditional write takes place: there is no such object, or it still is this version. */
export type PutCondition = { kind: 'absent' } | { kind: 'unchanged'; etag: string };

export type PutOutcome =
  | { kind: 'written'; etag: string }
  /** The condition does not hold: the object is there, is another one, or is gone. Nothing was written. */
  | { kind: 'condition-failed' };

export interface ListedObject {
  key: string;
  sizeBytes: number;
  /** As storage gives it, quotes included. */
  etag: string;
  lastModified?: Date;
}

/** A whole listing, and the time of the storage's clock at which it was made. */
export interface Listing {
  at: Date;
  objects: ListedObject[];
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
  /**
   * A small object that is written where the condition holds, atomically. Storage without conditional writes is asked
   * before and after instead, so that of two writers at the same moment both may find that they have written.
   * @param body differs from all others that are written to this key
   */
  putIf(key: string, body: string, condition: PutCondition, options: PutOptions): Promise<PutOutcome>;
  /** A local file; `sizeBytes` is checked against what was read. */
  putFile(key: string, path: string, options: PutFileOptions): Promise<{ sizeBytes: number }>;
  /** What has no length yet, in parts as it comes. */
  putStream(key: string, bytes: AsyncIterable<Buffer>, options: PutOptions): Promise<{ sizeBytes: number }>;
  /** What has no length yet, and whose beginning is known last: all but that goes up as it comes. @throws what its `head` throws */
  putHeadLast(key: string, object: HeadLastObject, options: PutOptions): Promise<{ sizeBytes: number }>;
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject>;
  /** All objects at once, for prefixes below which there are few. */
  listAll(prefix: string, signal?: AbortSignal): Promise<Listing>;
  remove(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /**
   * Removes an object unless it is another version than `etag` by now. S3 decides that atomically; a service that does not
   * know the condition may remove a version that is written in the milliseconds between the look and the deletion.
   * @returns false when it was replaced, and is kept
   */
  removeIf(key: string, etag: string, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}
