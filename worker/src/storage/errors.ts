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

/** Answers that ask for another try later: a request that took too long, and too many of them. */
const later = new Set<number | undefined>([408, 429]);

/** Storage may do it a while later: it did not answer, or was unwell, and has not said no. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof StorageError)) return false;
  const { status } = error;
  return status === undefined || status >= 500 || later.has(status);
}

/** The object is another version now, or gone: what was read of it so far must not be joined with what comes. */
export class SourceChangedError extends Error {
  override readonly name = 'SourceChangedError';
}

/** The object is in an archive class and can't be read until it is restored. */
export class ArchivedObjectError extends Error {
  override readonly name = 'ArchivedObjectError';
}
