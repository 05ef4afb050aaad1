import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type DeliveryRecord, recordSchema } from './record.ts';

/** Begins the keys of all records. */
export const recordsPrefix = 'jobs/';

/** Of writers at the same moment one wins, and the others look again. */
const maxConflicts = 20;

/** A record as it was read or written. */
export interface KnownRecord {
  record: DeliveryRecord;
  etag: string;
}

/** The records of all jobs, in a bucket of Amazon S3. */
export class DeliveryRecords {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  async read(jobId: string): Promise<DeliveryRecord | undefined> {
    return (await this.#get(jobId))?.record;
  }

  /**
   * Changes a job's record, on the condition that nobody else has changed it meanwhile.
   * @param change undefined: there is nothing to write; called again after a conflict
   * @param known what this reporter wrote last, which saves a read where it still holds
   */
  async update<T>(
    jobId: string,
    change: (record: DeliveryRecord) => { result: T; record?: DeliveryRecord },
    known?: KnownRecord,
  ): Promise<{ result: T; written?: KnownRecord }> {
    let found = known ?? (await this.#get(jobId));
    for (let conflicts = 0; ; conflicts += 1) {
      const { result, record } = change(found?.record ?? { job: jobId, deliveries: [] });
      if (record === undefined) return { result };
      const etag = await this.#putIf(jobId, record, found?.etag);
      if (etag !== undefined) return { result, written: { record, etag } };
      if (conflicts >= maxConflicts)
        throw new Error(`The delivery record of job ${jobId} is written too often.`);
      await sleep(Math.random() * 20 * (conflicts + 1));
      found = await this.#get(jobId);
    }
  }

  async #get(jobId: string): Promise<KnownRecord | undefined> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: keyOf(jobId) });
    try {
      const { Body, ETag = '' } = await this.#s3.send(command);
      const text = (await Body?.transformToString()) ?? '';
      return { record: recordSchema.parse(JSON.parse(text)), etag: ETag };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** @returns the new version; undefined where it was written by another meanwhile */
  async #putIf(jobId: string, record: DeliveryRecord, etag: string | undefined): Promise<string | undefined> {
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: keyOf(jobId),
      Body: JSON.stringify(record),
      ContentType: 'application/json',
      ...(etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag }),
    });
    try {
      return (await this.#s3.send(command)).ETag ?? '';
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }
}

/** 412: the condition does not hold. 409: another write of the same key is under way. 404: it is gone. */
export function isConflict(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === 412 || status === 409 || status === 404;
}

function keyOf(jobId: string): string {
  return `${recordsPrefix}${jobId}.json`;
}
