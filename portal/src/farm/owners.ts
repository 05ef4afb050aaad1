import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Farm } from '../../../cli/farm/farm.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { JobIndex } from '../../../worker/src/protocol/job-index.ts';
import { isMissing } from '../../../worker/src/storage/s3-errors.ts';

type OutputBucket = Pick<Farm, 'address' | 'output'>;

/** Jobs whose owner is remembered; an entry takes about two hundred bytes. */
const maxKnown = 10_000;

/**
 * Whose jobs are whose. An object in each job's folder says it, and an index for each owner lists their jobs, newest first. Not
 * in the job's status: that is public where films are, and the workers write it.
 */
export class Owners {
  readonly #farm: OutputBucket;
  /** An owner never changes. */
  readonly #known = new Map<string, string>();

  constructor(farm: OutputBucket) {
    this.#farm = farm;
  }

  /** Before the job is sent, so that it is never without its owner; the index first, as a job whose owner is known is not set again. */
  async set(jobId: string, owner: string): Promise<void> {
    const { outputPrefix } = this.#farm.address;
    await this.#put(this.index(owner).key(jobId, new Date()), '');
    await this.#put(new JobFolder(outputPrefix, jobId).owner, JSON.stringify({ owner }));
    this.#remember(jobId, owner);
  }

  /** @returns undefined for jobs that came in by another way */
  async of(jobId: string): Promise<string | undefined> {
    const known = this.#known.get(jobId);
    if (known !== undefined) return known;
    const { outputBucket: Bucket, outputPrefix } = this.#farm.address;
    const Key = new JobFolder(outputPrefix, jobId).owner;
    const object = await this.#farm.output
      .send(new GetObjectCommand({ Bucket, Key }))
      .catch((error: unknown) => {
        if (!isMissing(error)) throw error;
        return undefined;
      });
    if (object === undefined) return undefined;
    const { owner } = JSON.parse((await object.Body?.transformToString()) ?? '{}') as { owner?: unknown };
    if (typeof owner !== 'string') throw new Error(`${Key} names no owner.`);
    this.#remember(jobId, owner);
    return owner;
  }

  /** Of a job that was deleted, with the object that named its owner. */
  forget(jobId: string): void {
    this.#known.delete(jobId);
  }

  index(owner: string): JobIndex {
    return new JobIndex(this.#farm.address.outputPrefix, `_owners/${owner}/`);
  }

  #remember(jobId: string, owner: string): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= maxKnown && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(jobId, owner);
  }

  async #put(Key: string, Body: string): Promise<void> {
    const { outputBucket: Bucket } = this.#farm.address;
    await this.#farm.output.send(
      new PutObjectCommand({
        ...{ Bucket, Key, Body, ContentType: 'application/json', CacheControl: 'no-cache' },
        // For an empty body the client warns that it is unknown.
        ContentLength: Buffer.byteLength(Body),
      }),
    );
  }
}
