import { type RefusalCode, RefusedError } from '../errors.ts';
import { describeSource } from '../protocol/source-location.ts';
import { restoreCommand } from '../storage/archive.ts';
import { ArchivedObjectError, SourceChangedError } from '../storage/errors.ts';
import type { Archive, Store } from '../storage/store.ts';
import { openHttpSource } from './http-source.ts';
import { clip, type SourceObject } from './source.ts';

export interface SourceOptions {
  /** The bucket of sources that are a bare key. */
  bucket: string;
  /** Opens a bucket with the source side's credentials. */
  storeFor: (bucket: string) => Store;
  allowHttp: boolean;
  /** Let URLs lead to private addresses: for tests and closed networks only. */
  allowPrivate?: boolean;
}

/**
 * Finds where a job's source lies. Keys are taken literally: no decoding, no globbing, no dot segments.
 * @throws RefusedError `source-address` when the text names no place that is allowed
 */
export function openSource(source: string, options: SourceOptions): SourceObject {
  if (/^https?:\/\//i.test(source)) {
    if (options.allowHttp) return openHttpSource(source, { allowPrivate: options.allowPrivate ?? false });
    throw new RefusedError(
      'source-address',
      `The source "${clip(describeSource(source))}" is a URL, which this farm does not allow: put the film into a bucket, or allow URLs (setting allowHttpSources, ALLOW_HTTP_SOURCES).`,
    );
  }
  const { bucket, key } = /^s3:\/\//.test(source) ? parseS3(source) : { bucket: options.bucket, key: source };
  return bucketSource(options.storeFor(bucket), key);
}

function parseS3(source: string): { bucket: string; key: string } {
  const slash = source.indexOf('/', 's3://'.length);
  const bucket = source.slice('s3://'.length, slash);
  const key = source.slice(slash + 1);
  // Amazon S3 user guide, "General purpose bucket naming rules"; the point is that a bucket name becomes a host name.
  if (slash > 0 && key !== '' && /^[a-z0-9][a-z0-9._-]{1,62}$/i.test(bucket)) return { bucket, key };
  throw new RefusedError(
    'source-address',
    `The source "${clip(describeSource(source))}" names no object: expected s3://bucket/key.`,
  );
}

function bucketSource(store: Store, key: string): SourceObject {
  const name = `s3://${store.bucket}/${key}`;
  const refuse = (code: RefusalCode, what: string, cause?: unknown) =>
    new RefusedError(code, `The source "${clip(name)}" ${what}.`, { cause });
  const refuseArchived = (archive: Archive, cause?: unknown) => {
    const restore = archive.isRestoring
      ? 'It is being restored: submit it again when that is done'
      : `Restore it, and submit it again when that is done: ${restoreCommand(store.bucket, key, archive)}`;
    return refuse(
      'source-archived',
      `is archived (${archive.storageClass}) and can't be read. ${restore}`,
      cause,
    );
  };
  return {
    name,
    async describe(signal) {
      const info = await store.head(key, signal);
      if (info === undefined) throw refuse('source-missing', 'does not exist');
      if (info.sizeBytes === 0) throw refuse('source-empty', 'is empty (0 bytes)');
      if (info.archive !== undefined) throw refuseArchived(info.archive);
      return info;
    },
    async readRange(range, info, signal) {
      try {
        return await store.readRange(key, range, info.etag, signal);
      } catch (error) {
        // A lifecycle rule archived it since, or a restored copy has expired.
        if (error instanceof ArchivedObjectError)
          throw refuseArchived({ storageClass: 'GLACIER', isRestoring: false }, error);
        if (!(error instanceof SourceChangedError)) throw error;
        throw (await store.head(key, signal))
          ? refuse('source-replaced', 'was replaced by another upload while it was read', error)
          : refuse('source-missing', 'was removed while it was read', error);
      }
    },
  };
}
