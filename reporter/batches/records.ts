import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { reportSchema } from '../../worker/src/protocol/report.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { isConflict } from '../webhooks/records.ts';

/** Begins the keys of the ends of all batches' jobs. */
const endsPrefix = 'batches/';

/** Begins the keys of the records of batches that are complete. */
export const finishedPrefix = 'finished-batches/';

/** How the jobs of a batch have ended so far. */
export interface BatchCount {
  succeeded: number;
  failed: number;
}

export const claimSchema = z.object({
  batch: z.string(),
  /** The report that found the batch complete, and is to send its event. */
  by: z.string(),
  /** That report, for `farm webhooks redeliver`. */
  report: reportSchema,
  succeeded: z.number(),
  failed: z.number(),
  finishedAt: z.string(),
  status: z.enum(['waiting', 'delivered', 'given-up']),
  /** Tries that failed. */
  tries: z.number(),
  nextTryAt: z.string().optional(),
  /** When the event was delivered or given up. */
  settledAt: z.string().optional(),
  /** Why the last try failed. */
  why: z.string().optional(),
});

/** What became of a batch's event. */
export type BatchClaim = z.infer<typeof claimSchema>;

/**
 * What is known of batches, in the bucket of the reporter's records:
 *
 *     batches/<batch>/jobs/<job id>/<when it was queued>-<its end>   empty: one end of one job
 *     finished-batches/<batch>.json                                  who sends the event, and what became of it
 *
 * Each end has a name of its own, so an end that is reported twice, or after a later one, changes nothing. The record of a batch that is
 * complete is made once, and written again by the one who made it.
 */
export class BatchRecords {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  async addEnd(batch: string, { id, queuedAt, state }: Pick<JobState, 'id' | 'queuedAt' | 'state'>) {
    const queuedMs = String(Date.parse(queuedAt)).padStart(13, '0');
    await this.#s3.send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: `${jobsPrefix(batch)}${id}/${queuedMs}-${state}`,
        Body: '',
        ContentLength: 0,
      }),
    );
  }

  /** Each job once, by the end of its last request. */
  async count(batch: string): Promise<BatchCount> {
    const prefix = jobsPrefix(batch);
    const ends = new Map<string, string>();
    const pages = paginateListObjectsV2({ client: this.#s3 }, { Bucket: this.#bucket, Prefix: prefix });
    for await (const { Contents = [] } of pages) {
      for (const { Key = '' } of Contents) {
        const [job = '', end = ''] = Key.slice(prefix.length).split('/');
        if (end > (ends.get(job) ?? '')) ends.set(job, end);
      }
    }
    const all = [...ends.values()];
    const succeeded = all.filter((end) => end.endsWith('-succeeded')).length;
    return { succeeded, failed: all.length - succeeded };
  }

  async readClaim(batch: string): Promise<BatchClaim | undefined> {
    try {
      const { Body } = await this.#s3.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: claimKey(batch) }),
      );
      return claimSchema.parse(JSON.parse((await Body?.transformToString()) ?? ''));
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** @returns the claim that holds: another's, if that one was sooner */
  async claim(claim: BatchClaim): Promise<BatchClaim> {
    try {
      await this.write(claim, { IfNoneMatch: '*' });
      return claim;
    } catch (error) {
      if (!isConflict(error)) throw error;
      const holds = await this.readClaim(claim.batch);
      if (holds === undefined) throw error;
      return holds;
    }
  }

  async write(claim: BatchClaim, condition: { IfNoneMatch?: '*' } = {}): Promise<void> {
    await this.#s3.send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: claimKey(claim.batch),
        Body: JSON.stringify(claim),
        ContentType: 'application/json',
        ...condition,
      }),
    );
  }
}

const jobsPrefix = (batch: string) => `${endsPrefix}${batch}/jobs/`;
const claimKey = (batch: string) => `${finishedPrefix}${batch}.json`;
