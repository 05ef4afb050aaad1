import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { freeBuffer } from '../free-buffer.ts';
import { PatientCalls } from './calls.ts';
import { type HeadLastObject, HeadLastParts } from './head-last.ts';
import { Lister } from './list.ts';
import { putInParts } from './multipart.ts';
import { type Parts, partsOfFile, partsOfStream } from './parts.ts';
import { Reader } from './read.ts';
import { Remover } from './remove.ts';
import { type BucketSettings, createClient, defaultTiming, type StoreTiming } from './s3-client.ts';
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
import { Writer } from './write.ts';

/**
 * Files above this go up in parts of this size, some of which are in memory at a time. Parts are equal but the last, as R2
 * wants them; S3 asks for 5 MiB at least.
 */
const partBytes = 8 * 2 ** 20;

/** Opens a bucket of S3, R2, Wasabi or another service that speaks S3's protocol. Nothing is sent yet. */
export function openStore(settings: BucketSettings, timing: Partial<StoreTiming> = {}): Store {
  const wholeTiming = { ...defaultTiming, ...timing };
  return new S3Store(settings, createClient(settings, wholeTiming), wholeTiming);
}

class S3Store implements Store {
  readonly bucket: string;
  readonly #client: S3Client;
  readonly #calls: PatientCalls;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #lister: Lister;
  readonly #remover: Remover;

  constructor(settings: BucketSettings, client: S3Client, timing: StoreTiming) {
    const { bucket, conditionalWrites = true } = settings;
    this.bucket = bucket;
    this.#client = client;
    this.#calls = new PatientCalls(bucket, timing);
    this.#reader = new Reader(client, bucket, this.#calls);
    this.#writer = new Writer(client, bucket, this.#calls, { reader: this.#reader, conditionalWrites });
    this.#lister = new Lister(client, bucket, this.#calls);
    const checksum = settings.checksums === 'when-supported' ? 'sdk' : 'md5';
    this.#remover = new Remover(client, bucket, this.#calls, checksum);
  }

  head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    return this.#reader.head(key, signal);
  }

  readRange(
    key: string,
    range: { start: number; end: number },
    etag: string,
    signal?: AbortSignal,
  ): Promise<Readable> {
    return this.#reader.range(key, range, etag, signal);
  }

  get(key: string, signal?: AbortSignal): Promise<Buffer | undefined> {
    return this.#reader.get(key, signal);
  }

  put(key: string, body: Buffer | string, options: PutOptions): Promise<void> {
    return this.#writer.put(key, body, options);
  }

  putIf(key: string, body: string, condition: PutCondition, options: PutOptions): Promise<PutOutcome> {
    return this.#writer.putIf(key, body, condition, options);
  }

  async putFile(key: string, path: string, options: PutFileOptions): Promise<{ sizeBytes: number }> {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > partBytes) {
      // The file stays open until then.
      return await this.#putInParts(key, options, [partsOfFile(file, size)]);
    }
    const body = await file.readFile();
    if (body.length !== size)
      throw new Error(`The file "${path}" has ${size} bytes, but ${body.length} were read.`);
    await (options.unlessSame
      ? this.#writer.putUnlessSame(key, body, options)
      : this.put(key, body, options));
    // Storage has said that it has all of it.
    freeBuffer(body);
    return { sizeBytes: size };
  }

  putStream(key: string, bytes: AsyncIterable<Buffer>, options: PutOptions): Promise<{ sizeBytes: number }> {
    return this.#putInParts(key, options, [partsOfStream(bytes)]);
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

  remove(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.#remover.remove(keys, signal);
  }

  async removeIf(key: string, etag: string, signal?: AbortSignal): Promise<boolean> {
    const found = await this.head(key, signal);
    if (found !== undefined && found.etag !== etag) return false;
    return found === undefined || this.#remover.removeIf(key, etag, signal);
  }

  close(): void {
    this.#client.destroy();
  }
}
