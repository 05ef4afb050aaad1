/** Storage did not do what was asked, after all retries. Names the bucket and the key; the SDK's own error is `cause`. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly bucket: string;
  readonly key: string | undefined;
  /** HTTP status of the answer, if there was one. */
  readonly status: number | undefined;

  constructor(message: string, details: { bucket: string; key?: string; status?: number; cause: unknown }) {
    super(message, { cause: details.cause });
    this.bucket = details.bucket;
    this.key = details.key;
    this.status = details.status;
  }
}

/** Storage may do it a while later: it did not answer, or was unwell, and has not said no. */
export function isOutage(error: unknown): boolean {
  return error instanceof StorageError && (error.status === undefined || error.status >= 500);
}

/** The object is another version now, or gone: what was read of it so far must not be joined with what comes. */
export class SourceChangedError extends Error {
  override readonly name = 'SourceChangedError';
}

/** The object is in an archive class and can't be read until it is restored. */
export class ArchivedObjectError extends Error {
  override readonly name = 'ArchivedObjectError';
}
