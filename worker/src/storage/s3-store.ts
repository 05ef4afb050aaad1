import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { freeBuffer } from '../free-buffer.ts';
import type { BucketSettings } from '../settings/settings.ts';
import { archiveOf } from './archive.ts';
import { PatientCalls } from './calls.ts';
import { ArchivedObjectError, SourceChangedError } from './errors.ts';
import { putInParts } from './multipart.ts';
import { Remover } from './remove.ts';
import { createClient, defaultTiming, type StoreTiming } from './s3-client.ts';
import { isArchived, isMissing, statusOf } from './s3-errors.ts';
import type { ObjectInfo, PutOptions, Store } from './store.ts';

/**
 * Files above this go up in parts of this size. One part at a time is in memory; parts are equal but the last, as R2
 * wants them; S3 asks for 5 MiB at least.
 */
const partBytes = 8 * 2 ** 20;

/** What small objects and pages of listings may have, for their time limit. */
const answerBytes = 2 ** 20;

/** Opens a bucket of S3, R2, Wasabi or another service that speaks S3's protocol. Nothing is sent yet. */
export function openStore(settings: BucketSettings, timing: Partial<StoreTiming> = {}): Store {
  const wholeTiming = { ...defaultTiming, ...timing };
  return new S3Store(settings, createClient(settings, wholeTiming), wholeTiming);
}

class S3Store implements Store {
  readonly bucket: string;
  readonly #client: S3Client;
  readonly #calls: PatientCalls;
  readonly #remover: Remover;

  constructor(settings: BucketSettings, client: S3Client, timing: StoreTiming) {
    this.bucket = settings.bucket;
    this.#client = client;
    this.#calls = new PatientCalls(settings.bucket, timing);
    const checksum = settings.checksums === 'when-supported' ? 'sdk' : 'md5';
    this.#remover = new Remover(client, settings.bucket, this.#calls, checksum);
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    const command = new HeadObjectCommand({ Bucket: this.bucket, Key: key });
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

  async readRange(
    key: string,
    range: { start: number; end: number },
    etag: string,
    signal?: AbortSignal,
  ): Promise<Readable> {
    const command = new GetObjectCommand({
      Bucket: this.bucket,
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
    const command = new GetObjectCommand({ Bucket: this.bucket, Key: key });
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

  async put(key: string, body: Buffer | string, options: PutOptions): Promise<void> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const command = new PutObjectCommand({
      Bucket: this.bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.length,
      ContentType: options.contentType,
      CacheControl: options.cacheControl,
    });
    await this.#calls.limited({ action: 'write', key, signal: options.signal }, bytes.length, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
  }

  async putFile(key: string, path: string, options: PutOptions): Promise<{ sizeBytes: number }> {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > partBytes) {
      const call = <T>(
        bytes: number,
        attempt: (abortSignal: AbortSignal) => Promise<T>,
        signal?: AbortSignal,
      ) => this.#calls.limited({ action: 'write', key, signal }, bytes, attempt);
      await putInParts(this.#client, { bucket: this.bucket, key, file, size, partBytes, options, call });
      return { sizeBytes: size };
    }
    const body = await file.readFile();
    if (body.length !== size)
      throw new Error(`The file "${path}" has ${size} bytes, but ${body.length} were read.`);
    await this.put(key, body, options);
    // Storage has said that it has all of it.
    freeBuffer(body);
    return { sizeBytes: size };
  }

  async *list(
    prefix: string,
    signal?: AbortSignal,
  ): AsyncGenerator<{ key: string; sizeBytes: number; lastModified?: Date }> {
    let token: string | undefined;
    do {
      const page = await this.#calls.limited(
        { action: 'list', key: prefix, signal },
        answerBytes,
        (abortSignal) =>
          this.#client.send(
            // XML cannot carry every character that a key may have.
            new ListObjectsV2Command({
              Bucket: this.bucket,
              Prefix: prefix,
              ContinuationToken: token,
              EncodingType: 'url',
            }),
            { abortSignal },
          ),
      );
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue;
        const key = page.EncodingType === 'url' ? decodeListed(Key) : Key;
        yield { key, sizeBytes: Size ?? 0, lastModified: LastModified };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async remove(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.#remover.remove(keys, signal);
  }

  close(): void {
    this.#client.destroy();
  }

  #archived(key: string, cause: unknown): ArchivedObjectError {
    return new ArchivedObjectError(`${JSON.stringify(key)} in bucket "${this.bucket}" is archived.`, {
      cause,
    });
  }

  #changed(key: string, cause: unknown): SourceChangedError {
    const what = isMissing(cause) ? 'was removed' : 'was replaced';
    return new SourceChangedError(
      `${JSON.stringify(key)} in bucket "${this.bucket}" ${what} while it was read.`,
      {
        cause,
      },
    );
  }
}

function undefinedWhenMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** Form encoding, as S3 does it: a space comes as "+", a plus as "%2B". */
function decodeListed(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
