import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { PatientCalls } from './calls.ts';
import { answerBytes, type Reader } from './read.ts';
import { isMissing, statusOf, undefinedWhenMissing } from './s3-errors.ts';
import type { PutCondition, PutOptions, PutOutcome } from './store.ts';

export interface WriterOptions {
  reader: Reader;
  /** Whether the service honours If-None-Match and If-Match on writes. */
  conditionalWrites: boolean;
}

/** Writes small objects to a bucket, each in one request: always, or where a condition holds. */
export class Writer {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #calls: PatientCalls;
  readonly #reader: Reader;
  readonly #hasConditionalWrites: boolean;

  constructor(client: S3Client, bucket: string, calls: PatientCalls, options: WriterOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#calls = calls;
    this.#reader = options.reader;
    this.#hasConditionalWrites = options.conditionalWrites;
  }

  async put(key: string, body: Buffer | string, options: PutOptions): Promise<void> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const command = this.#command(key, bytes, options);
    await this.#calls.limited({ action: 'write', key, signal: options.signal }, bytes.length, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
  }

  /** Each try looks again: of many writers that are refused at the same moment, all but one then find the object there. */
  async putUnlessSame(key: string, bytes: Buffer, options: PutOptions): Promise<void> {
    const read = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
    const write = this.#command(key, bytes, options);
    const call = { action: 'write', key, signal: options.signal };
    await this.#calls.limited(call, 2 * bytes.length, async (abortSignal) => {
      const found = await this.#client.send(read, { abortSignal }).catch(undefinedWhenMissing);
      const there = await found?.Body?.transformToByteArray();
      if (there === undefined || !bytes.equals(there)) await this.#client.send(write, { abortSignal });
    });
  }

  /** See `Store`. */
  async putIf(key: string, body: string, condition: PutCondition, options: PutOptions): Promise<PutOutcome> {
    if (!this.#hasConditionalWrites) return this.#putAfterLook(key, body, condition, options);
    const bytes = Buffer.from(body);
    const command = this.#command(
      key,
      bytes,
      options,
      condition.kind === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag },
    );
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
    const found = await this.#reader.head(key, options.signal);
    const holds = condition.kind === 'absent' ? found === undefined : found?.etag === condition.etag;
    if (!holds) return { kind: 'condition-failed' } as const;
    await this.put(key, body, options);
    return this.#outcomeOf(key, Buffer.from(body), options.signal);
  }

  async #outcomeOf(key: string, written: Buffer, signal: AbortSignal | undefined): Promise<PutOutcome> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
    return this.#calls.limited({ action: 'read', key, signal }, answerBytes, async (abortSignal) => {
      const found = await this.#client.send(command, { abortSignal }).catch(undefinedWhenMissing);
      const body = Buffer.from((await found?.Body?.transformToByteArray()) ?? []);
      return body.equals(written)
        ? { kind: 'written', etag: found?.ETag ?? '' }
        : { kind: 'condition-failed' };
    });
  }

  #command(
    key: string,
    bytes: Buffer,
    options: PutOptions,
    condition: { IfNoneMatch?: string; IfMatch?: string } = {},
  ): PutObjectCommand {
    return new PutObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.length,
      ContentType: options.contentType,
      CacheControl: options.cacheControl,
      ContentDisposition: options.contentDisposition,
      ...condition,
    });
  }
}
