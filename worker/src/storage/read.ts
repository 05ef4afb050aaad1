import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { archiveOf } from './archive.ts';
import type { PatientCalls } from './calls.ts';
import { ArchivedObjectError, SourceChangedError } from './errors.ts';
import { isArchived, isMissing, statusOf, undefinedWhenMissing } from './s3-errors.ts';
import type { ObjectInfo } from './store.ts';

/** What small objects may have, for their time limit. */
export const answerBytes = 2 ** 20;

/** Looks at objects of a bucket, and reads them: small ones whole, ranges of large ones. */
export class Reader {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #calls: PatientCalls;

  constructor(client: S3Client, bucket: string, calls: PatientCalls) {
    this.#client = client;
    this.#bucket = bucket;
    this.#calls = calls;
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
    const found = await this.#calls.limited({ action: 'look at', key, signal }, 0, (abortSignal) =>
      this.#client.send(command, { abortSignal }).catch(undefinedWhenMissing),
    );
    return (
      found && {
        sizeBytes: found.ContentLength ?? 0,
        etag: found.ETag ?? '',
        versionId: found.VersionId,
        contentType: found.ContentType,
        lastModified: found.LastModified,
        archive: archiveOf(found),
      }
    );
  }

  async range(
    key: string,
    range: { start: number; end: number },
    etag: string,
    signal?: AbortSignal,
  ): Promise<Readable> {
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Range: `bytes=${range.start}-${range.end}`,
      IfMatch: etag,
    });
    // The body outlives this call, so only the caller's signal may cut it: no time limit but the socket's.
    return this.#calls.retried({ action: 'read', key, signal }, async () => {
      const answer = await this.#client.send(command, { abortSignal: signal }).catch((error: unknown) => {
        if (isArchived(error)) throw this.#archived(key, error);
        throw isMissing(error) || statusOf(error) === 412 || statusOf(error) === 416
          ? this.#changed(key, error)
          : error;
      });
      if (!(answer.Body instanceof Readable)) throw new TypeError('The SDK gave no stream.');
      const wanted = `bytes ${range.start}-${range.end}/`;
      if (answer.ContentRange?.startsWith(wanted) === true) return answer.Body;
      answer.Body.destroy();
      throw Object.assign(
        new Error(`asked for ${wanted}, got ${answer.ContentRange ?? 'no Content-Range'}`),
        {
          code: 'ERR_HTTP_RANGE',
        },
      );
    });
  }

  async get(key: string, signal?: AbortSignal): Promise<Buffer | undefined> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
    return this.#calls.limited({ action: 'read', key, signal }, answerBytes, async (abortSignal) => {
      const found = await this.#client.send(command, { abortSignal }).catch(undefinedWhenMissing);
      if (found === undefined) return undefined;
      const bytes = Buffer.from((await found.Body?.transformToByteArray()) ?? []);
      if (bytes.length === found.ContentLength) return bytes;
      throw Object.assign(new Error(`${bytes.length} bytes came of ${found.ContentLength}`), {
        code: 'ECONNRESET',
      });
    });
  }

  #archived(key: string, cause: unknown): ArchivedObjectError {
    return new ArchivedObjectError(`${JSON.stringify(key)} in bucket "${this.#bucket}" is archived.`, {
      cause,
    });
  }

  #changed(key: string, cause: unknown): SourceChangedError {
    const what = isMissing(cause) ? 'was removed' : 'was replaced';
    return new SourceChangedError(
      `${JSON.stringify(key)} in bucket "${this.#bucket}" ${what} while it was read.`,
      {
        cause,
      },
    );
  }
}
