import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { freeBuffer } from '../free-buffer.ts';
import { archiveOf } from './archive.ts';
import { PatientCalls } from './calls.ts';
import { ArchivedObjectError, SourceChangedError } from './errors.ts';
import { type HeadLastObject, HeadLastParts } from './head-last.ts';
import { Lister } from './list.ts';
import { putInParts } from './multipart.ts';
import { type Parts, partsInOrder, readFully } from './parts.ts';
import { Remover } from './remove.ts';
import { type BucketSettings, createClient, defaultTiming, type StoreTiming } from './s3-client.ts';
import { isArchived, isMissing, statusOf } from './s3-errors.ts';
import type {
  ListedObject,
  Listing,
  ObjectInfo,
  PutCondition,
  PutFileOptions,
  PutOptions,
  PutOutcome,
  Store,
} from './store.ts';

/**
 * Files above this go up in parts of this size, some of which are in memory at a time. Parts are equal but the last, as R2
 * wants them; S3 asks for 5 MiB at least.
 */
const partBytes = 8 * 2 ** 20;

/** What small objects may have, for their time limit. */
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
  readonly #lister: Lister;
  readonly #remover: Remover;
  readonly #hasConditionalWrites: boolean;

  constructor(settings: BucketSettings, client: S3Client, timing: StoreTiming) {
    this.bucket = settings.bucket;
    this.#client = client;
    this.#calls = new PatientCalls(settings.bucket, timing);
    this.#lister = new Lister(client, settings.bucket, this.#calls);
    const checksum = settings.checksums === 'when-supported' ? 'sdk' : 'md5';
    this.#remover = new Remover(client, settings.bucket, this.#calls, checksum);
    this.#hasConditionalWrites = settings.conditionalWrites ?? true;
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
    const command = this.#putCommand(key, bytes, options);
    await this.#calls.limited({ action: 'write', key, signal: options.signal }, bytes.length, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
  }

  /** Each try looks again: of many writers that are refused at the same moment, all but one then find the object there. */
  async #putUnlessSame(key: string, bytes: Buffer, options: PutOptions): Promise<void> {
    const read = new GetObjectCommand({ Bucket: this.bucket, Key: key });
    const write = this.#putCommand(key, bytes, options);
    const call = { action: 'write', key, signal: options.signal };
    await this.#calls.limited(call, 2 * bytes.length, async (abortSignal) => {
      const found = await this.#client.send(read, { abortSignal }).catch(undefinedWhenMissing);
      const there = await found?.Body?.transformToByteArray();
      if (there === undefined || !bytes.equals(there)) await this.#client.send(write, { abortSignal });
    });
  }

  #putCommand(key: string, bytes: Buffer, options: PutOptions): PutObjectCommand {
    return new PutObjectCommand({
      Bucket: this.bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.length,
      ContentType: options.contentType,
      CacheControl: options.cacheControl,
      ContentDisposition: options.contentDisposition,
    });
  }

  async putIf(key: string, body: string, condition: PutCondition, options: PutOptions): Promise<PutOutcome> {
    if (!this.#hasConditionalWrites) return this.#putAfterLook(key, body, condition, options);
    const bytes = Buffer.from(body);
    const command = new PutObjectCommand({
      Bucket: this.bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.length,
      ContentType: options.contentType,
      CacheControl: options.cacheControl,
      ...(condition.kind === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag }),
    });
    let tries = 0;
    const etag = await this.#calls.limited(
      { action: 'write', key, signal: options.signal },
      bytes.length,
      async (abortSignal) => {
        tries += 1;
        try {
          return (await this.#client.send(command, { abortSignal })).ETag ?? '';
        } catch (error) {
          if (statusOf(error) === 412 || isMissing(error)) return undefined;
          throw error;
        }
      },
    );
    if (etag !== undefined) return { kind: 'written', etag };
    // An earlier try may have written, and its answer was lost.
    return tries > 1 ? this.#outcomeOf(key, bytes, options.signal) : { kind: 'condition-failed' };
  }

  /** The second look finds a writer that was quicker, unless both have looked before either wrote. */
  async #putAfterLook(key: string, body: string, condition: PutCondition, options: PutOptions) {
    const found = await this.head(key, options.signal);
    const holds = condition.kind === 'absent' ? found === undefined : found?.etag === condition.etag;
    if (!holds) return { kind: 'condition-failed' } as const;
    await this.put(key, body, options);
    return this.#outcomeOf(key, Buffer.from(body), options.signal);
  }

  async #outcomeOf(key: string, written: Buffer, signal: AbortSignal | undefined): Promise<PutOutcome> {
    const command = new GetObjectCommand({ Bucket: this.bucket, Key: key });
    return this.#calls.limited({ action: 'read', key, signal }, answerBytes, async (abortSignal) => {
      const found = await this.#client.send(command, { abortSignal }).catch(undefinedWhenMissing);
      const body = Buffer.from((await found?.Body?.transformToByteArray()) ?? []);
      return body.equals(written)
        ? { kind: 'written', etag: found?.ETag ?? '' }
        : { kind: 'condition-failed' };
    });
  }

  async putFile(key: string, path: string, options: PutFileOptions): Promise<{ sizeBytes: number }> {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > partBytes) {
      let at = 0;
      const fill = async (buffer: Buffer) => {
        const { length } = await readFully(file, buffer, at, size);
        at += length;
        return length;
      };
      // The file stays open until then.
      return await this.#putInParts(key, options, [partsInOrder(fill)]);
    }
    const body = await file.readFile();
    if (body.length !== size)
      throw new Error(`The file "${path}" has ${size} bytes, but ${body.length} were read.`);
    await (options.unlessSame ? this.#putUnlessSame(key, body, options) : this.put(key, body, options));
    // Storage has said that it has all of it.
    freeBuffer(body);
    return { sizeBytes: size };
  }

  async putStream(
    key: string,
    bytes: AsyncIterable<Buffer>,
    options: PutOptions,
  ): Promise<{ sizeBytes: number }> {
    const chunks = bytes[Symbol.asyncIterator]();
    let rest: Buffer | undefined = Buffer.alloc(0);
    const fill = async (buffer: Buffer) => {
      let filled = 0;
      while (rest !== undefined && filled < buffer.length) {
        if (rest.length === 0) rest = ((await chunks.next()).value as Buffer | undefined) ?? undefined;
        const taken: number = rest?.copy(buffer, filled) ?? 0;
        rest = rest?.subarray(taken);
        filled += taken;
      }
      return filled;
    };
    return this.#putInParts(key, options, [partsInOrder(fill)]);
  }

  async putHeadLast(
    key: string,
    object: HeadLastObject,
    options: PutOptions,
  ): Promise<{ sizeBytes: number }> {
    await using parts = new HeadLastParts(object, partBytes);
    const whole = await parts.readSmall();
    if (whole === undefined)
      return await this.#putInParts(key, options, [parts.rest.bind(parts), parts.beginning.bind(parts)]);
    await this.put(key, whole, options);
    return { sizeBytes: whole.length };
  }

  #putInParts(key: string, options: PutOptions, parts: readonly Parts[]) {
    const call = <T>(
      bytes: number,
      attempt: (abortSignal: AbortSignal) => Promise<T>,
      signal?: AbortSignal,
    ) => this.#calls.limited({ action: 'write', key, signal }, bytes, attempt);
    return putInParts(this.#client, { bucket: this.bucket, key, parts, partBytes, options, call });
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ListedObject> {
    for await (const page of this.#lister.pages(prefix, signal)) yield* page.objects;
  }

  async listAll(prefix: string, signal?: AbortSignal): Promise<Listing> {
    const objects: ListedObject[] = [];
    let at = new Date();
    for await (const page of this.#lister.pages(prefix, signal)) {
      objects.push(...page.objects);
      at = page.at;
    }
    return { at, objects };
  }

  async remove(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.#remover.remove(keys, signal);
  }

  async removeIf(key: string, etag: string, signal?: AbortSignal): Promise<boolean> {
    const found = await this.head(key, signal);
    if (found !== undefined && found.etag !== etag) return false;
    return found === undefined || this.#remover.removeIf(key, etag, signal);
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
