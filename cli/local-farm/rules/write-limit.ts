import { type Call, splitUrl } from './call.ts';
import { type Refusal, refuse, serviceOf } from './verdict.ts';

/**
 * R2's limit on writes to one key: one a second, and 429 for the others
 * (https://developers.cloudflare.com/r2/platform/limits/). Each part of an upload is a key of its own.
 */
export class WriteLimit {
  readonly #writtenAt = new Map<string, number>();

  /** @param now milliseconds */
  check(call: Call, now = performance.now()): Refusal | undefined {
    if (call.method !== 'PUT' || serviceOf(call) !== 's3') return undefined;
    const key = call.url.includes('partNumber=') ? call.url : splitUrl(call.url).path;
    if (now - (this.#writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) < 1000)
      return refuse(429, 'TooManyRequests', 'Reduce your rate of requests for this key.');
    this.#writtenAt.set(key, now);
    return undefined;
  }
}
