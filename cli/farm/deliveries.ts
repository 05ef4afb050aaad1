import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { z } from 'zod';
import { type BatchClaim, claimSchema, finishedPrefix } from '../../reporter/batches/records.ts';
import { type DeliveryRecord, recordSchema } from '../../reporter/webhooks/record.ts';
import { recordsPrefix } from '../../reporter/webhooks/records.ts';
import { UserError } from '../errors.ts';
import type { FarmAddress } from './address.ts';
import { awsOf } from './farm.ts';
import { noReporterHere } from './reporter.ts';

/** Read at once. */
const readsAtOnce = 16;

/** What the reporter delivered to webhooks, by job and by batch; it forgets them after 30 days. */
export class Deliveries implements Disposable {
  readonly #s3: S3Client;
  readonly #bucket: string;

  /** @throws UserError where the farm sends no webhooks */
  constructor(address: FarmAddress) {
    if (address.reportsBucket === undefined) {
      if (address.local) throw new UserError(noReporterHere);
      throw new UserError(
        'This farm sends no webhooks: neither webhookUrl nor allowJobWebhooks is set, or its outputs are of an earlier version.',
      );
    }
    this.#bucket = address.reportsBucket;
    this.#s3 = new S3Client({ ...awsOf(address), forcePathStyle: address.local !== undefined });
  }

  async read(jobId: string): Promise<DeliveryRecord | undefined> {
    return this.#read(`${recordsPrefix}${jobId}.json`, recordSchema);
  }

  /** The event of a batch; undefined while the batch is not complete. */
  async readBatch(batch: string): Promise<BatchClaim | undefined> {
    return this.#read(`${finishedPrefix}${batch}.json`, claimSchema);
  }

  /** Of jobs of which an event was delivered, given up or tried since then; the most recently changed first. */
  async list(since: Date): Promise<DeliveryRecord[]> {
    return this.#list(recordsPrefix, since, recordSchema);
  }

  async listBatches(since: Date): Promise<BatchClaim[]> {
    return this.#list(finishedPrefix, since, claimSchema);
  }

  [Symbol.dispose](): void {
    this.#s3.destroy();
  }

  async #list<T>(prefix: string, since: Date, schema: z.ZodType<T>): Promise<T[]> {
    const found: { key: string; at: number }[] = [];
    const pages = paginateListObjectsV2({ client: this.#s3 }, { Bucket: this.#bucket, Prefix: prefix });
    for await (const { Contents = [] } of pages) {
      for (const { Key = '', LastModified } of Contents) {
        const at = LastModified?.getTime() ?? 0;
        if (at >= since.getTime()) found.push({ key: Key, at });
      }
    }
    const keys = found.sort((a, b) => b.at - a.at).map(({ key }) => key);
    const records: T[] = [];
    for (let start = 0; start < keys.length; start += readsAtOnce) {
      const some = keys.slice(start, start + readsAtOnce);
      const read = await Promise.all(some.map((key) => this.#read(key, schema)));
      records.push(...read.filter((record) => record !== undefined));
    }
    return records;
  }

  async #read<T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return schema.safeParse(JSON.parse((await Body?.transformToString()) ?? '')).data;
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }
}
