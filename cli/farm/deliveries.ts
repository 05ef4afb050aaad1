import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { type DeliveryRecord, recordSchema } from '../../reporter/webhooks/record.ts';
import { recordsPrefix } from '../../reporter/webhooks/records.ts';
import { UserError } from '../errors.ts';
import type { FarmAddress } from './address.ts';
import { awsOf } from './farm.ts';

/** Read at once. */
const readsAtOnce = 16;

/** What the reporter delivered to webhooks, by job; it forgets a job after 30 days. */
export class Deliveries implements Disposable {
  readonly #s3: S3Client;
  readonly #bucket: string;

  /** @throws UserError where the farm sends no webhooks */
  constructor(address: FarmAddress) {
    if (address.reportsBucket === undefined) {
      throw new UserError(
        'This farm sends no webhooks: neither webhookUrl nor allowJobWebhooks is set, or its outputs are of an earlier version.',
      );
    }
    this.#bucket = address.reportsBucket;
    this.#s3 = new S3Client({ ...awsOf(address), forcePathStyle: address.local !== undefined });
  }

  async read(jobId: string): Promise<DeliveryRecord | undefined> {
    return this.#read(`${recordsPrefix}${jobId}.json`);
  }

  /** Of jobs of which an event was delivered, given up or tried since then; the most recently changed first. */
  async list(since: Date): Promise<DeliveryRecord[]> {
    const found: { key: string; at: number }[] = [];
    const pages = paginateListObjectsV2(
      { client: this.#s3 },
      { Bucket: this.#bucket, Prefix: recordsPrefix },
    );
    for await (const { Contents = [] } of pages) {
      for (const { Key = '', LastModified } of Contents) {
        const at = LastModified?.getTime() ?? 0;
        if (at >= since.getTime()) found.push({ key: Key, at });
      }
    }
    const keys = found.sort((a, b) => b.at - a.at).map(({ key }) => key);
    const records: DeliveryRecord[] = [];
    for (let start = 0; start < keys.length; start += readsAtOnce) {
      const some = await Promise.all(keys.slice(start, start + readsAtOnce).map((key) => this.#read(key)));
      records.push(...some.filter((record) => record !== undefined));
    }
    return records;
  }

  [Symbol.dispose](): void {
    this.#s3.destroy();
  }

  async #read(key: string): Promise<DeliveryRecord | undefined> {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return recordSchema.safeParse(JSON.parse((await Body?.transformToString()) ?? '')).data;
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }
}
