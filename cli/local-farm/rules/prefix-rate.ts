import { type Call, objectOf } from './call.ts';
import { type Refusal, refuse, serviceOf } from './verdict.ts';

/**
 * S3 takes so many requests a second below a prefix, and answers 503 SlowDown to the others until it has split the prefix
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html).
 */
export class PrefixRate {
  readonly #perSecond: number;
  readonly #seconds = new Map<string, { began: number; count: number }>();

  /** @param perSecond S3's own are 3,500 writes and 5,500 reads; a small number shows the same with few requests */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** @param now milliseconds */
  check(call: Call, now = performance.now()): Refusal | undefined {
    if (serviceOf(call) !== 's3') return undefined;
    const { bucket, key } = objectOf(call);
    const prefix = `${bucket}/${key.slice(0, key.lastIndexOf('/') + 1)}`;
    const second = this.#seconds.get(prefix);
    if (second === undefined || now - second.began >= 1000) {
      this.#seconds.set(prefix, { began: now, count: 1 });
      return undefined;
    }
    second.count += 1;
    if (second.count <= this.#perSecond) return undefined;
    return refuse(503, 'SlowDown', 'Please reduce your request rate.');
  }
}
