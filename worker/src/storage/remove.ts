import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { PatientCalls } from './calls.ts';
import { eachLimited } from './limited.ts';
import { isBatchDeleteRejected, isMissing, statusOf } from './s3-errors.ts';

/** DeleteObjects takes this many: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const keysPerCall = 1000;

const singlesAtOnce = 8;

/** Time enough for a thousand objects, as bytes of a body at the slowest speed. */
const batchBytes = 2 * 2 ** 20;

/**
 * Removes objects by the thousand, and one by one where the service does not take batches.
 * @param checksum `sdk`: the SDK's own CRC32; `md5`: Content-MD5, which S3's imitators have always known
 */
export class Remover {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #calls: PatientCalls;
  readonly #checksum: 'sdk' | 'md5';
  #takesBatches = true;

  constructor(client: S3Client, bucket: string, calls: PatientCalls, checksum: 'sdk' | 'md5') {
    this.#client = client;
    this.#bucket = bucket;
    this.#calls = calls;
    this.#checksum = checksum;
  }

  async remove(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const batched = keys.filter(fitsXml);
    const single = keys.filter((key) => !fitsXml(key));
    for (let start = 0; start < batched.length; start += keysPerCall) {
      const batch = batched.slice(start, start + keysPerCall);
      if (batch.length === 1 || !(this.#takesBatches && (await this.#removeBatch(batch, signal))))
        single.push(...batch);
    }
    await eachLimited(single, singlesAtOnce, (key) => this.#removeOne(key, signal));
  }

  /** @returns false when the service does not take batches */
  async #removeBatch(keys: readonly string[], signal: AbortSignal | undefined): Promise<boolean> {
    let left = keys;
    const key = keys[0] ?? '';
    return this.#calls.limited({ action: 'remove', key, signal }, batchBytes, async (abortSignal) => {
      const command = new DeleteObjectsCommand({
        Bucket: this.#bucket,
        Delete: { Objects: left.map((Key) => ({ Key })), Quiet: true },
      });
      if (this.#checksum === 'md5') useContentMd5(command);
      try {
        const { Errors = [] } = await this.#client.send(command, { abortSignal });
        const failed = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
        left = failed.flatMap(({ Key }) => Key ?? []);
        const [first] = failed;
        if (first !== undefined) throw asException(first, failed.length);
        return true;
      } catch (error) {
        if (!isBatchDeleteRejected(error)) throw error;
        this.#takesBatches = false;
        return false;
      }
    });
  }

  /**
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html. A service that refuses the condition is
   * asked without it.
   * @returns false when the object is another version
   */
  async removeIf(key: string, etag: string, signal: AbortSignal | undefined): Promise<boolean> {
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: etag });
    const outcome = await this.#calls.limited({ action: 'remove', key, signal }, 0, (abortSignal) =>
      this.#client.send(command, { abortSignal }).then(
        () => 'removed' as const,
        (error: unknown) => {
          // An earlier try may have removed it, and its answer was lost.
          if (isMissing(error)) return 'removed' as const;
          if (statusOf(error) === 412) return 'replaced' as const;
          if (statusOf(error) === 501) return 'unknown-condition' as const;
          throw error;
        },
      ),
    );
    if (outcome === 'unknown-condition') await this.#removeOne(key, signal);
    return outcome !== 'replaced';
  }

  async #removeOne(key: string, signal: AbortSignal | undefined): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: key });
    await this.#calls.limited({ action: 'remove', key, signal }, 0, (abortSignal) =>
      this.#client.send(command, { abortSignal }).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      }),
    );
  }
}

/** XML 1.0 has no control characters, and some services misread the escapes of those that it does have. */
function fitsXml(key: string): boolean {
  return !/[\p{Cc}\uFFFE\uFFFF]/u.test(key) && key.isWellFormed();
}

/** One object's error in a batch, as a single call would have thrown it. */
function asException(error: { Key?: string; Code?: string; Message?: string }, failed: number): Error {
  const { Key = '', Code = 'InternalError', Message = '' } = error;
  return new S3ServiceException({
    name: Code,
    message: `${Message || 'no message'} (${JSON.stringify(Key)}, the first of ${failed} that were not removed)`,
    $fault: 'server',
    $metadata: {},
  });
}

/** https://github.com/aws/aws-sdk-js-v3/blob/main/supplemental-docs/MD5_FALLBACK.md */
function useContentMd5(command: DeleteObjectsCommand): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { headers: Record<string, string>; body?: string | Uint8Array };
      for (const name of Object.keys(request.headers))
        if (/^x-amz-(sdk-)?checksum-/i.test(name)) delete request.headers[name];
      request.headers['content-md5'] = createHash('md5')
        .update(request.body ?? '')
        .digest('base64');
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'contentMd5' },
  );
}
