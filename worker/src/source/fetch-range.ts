import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeBuffer } from '../free-buffer.ts';
import { delaySeconds } from '../storage/retry.ts';
import type { ObjectInfo } from '../storage/store.ts';
import type { ByteRange, SourceObject } from './source.ts';

export interface FetchTiming {
  /** How long to go on without a single byte, in seconds. @default 150 */
  patienceSeconds: number;
  /** How often a connection's speed is checked. @default 15 */
  slowSeconds: number;
  /** ...and dropped for a new one when it brought fewer bytes per second than this. @default 16384 */
  slowBytesPerSecond: number;
}

export const defaultFetchTiming: FetchTiming = {
  patienceSeconds: 150,
  slowSeconds: 15,
  slowBytesPerSecond: 16 * 1024,
};

/**
 * Brings exactly the bytes of a range, in order. When a connection breaks, ends early or trickles, it goes on at the
 * byte where it stopped.
 * @param onBytes must be done with the bytes when it returns: their memory is given back then
 * @throws what `readRange` throws, which has retried already; otherwise, after `patienceSeconds` without a byte,
 * an error that says how far it came
 */
export async function fetchRange(
  source: SourceObject,
  info: ObjectInfo,
  range: ByteRange,
  onBytes: (bytes: Buffer) => void,
  signal: AbortSignal,
  timing: FetchTiming = defaultFetchTiming,
): Promise<void> {
  let position = range.start;
  let lastByteAt = performance.now();
  let failures = 0;
  while (position <= range.end) {
    const body = await source.readRange({ start: position, end: range.end }, info, signal);
    let received = 0;
    let checked = 0;
    const check = setInterval(() => {
      if (received - checked < timing.slowSeconds * timing.slowBytesPerSecond)
        body.destroy(new Error('too slow'));
      checked = received;
    }, timing.slowSeconds * 1000);
    try {
      // Not `for await`, which joins what came meanwhile in new memory.
      body.on('data', (chunk: Buffer) => {
        if (body.destroyed) return;
        if (position + chunk.length > range.end + 1) {
          body.destroy(new Error('more bytes than asked for'));
          return;
        }
        onBytes(chunk);
        position += chunk.length;
        received += chunk.length;
        lastByteAt = performance.now();
        failures = 0;
        // Node gives each piece of an answer separate memory: https://github.com/nodejs/node/blob/v24.x/src/node_http_parser.cc (`on_body`).
        freeBuffer(chunk);
      });
      await finished(body);
      if (position <= range.end) throw new Error('the body ended early');
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() - lastByteAt > timing.patienceSeconds * 1000) {
        throw new Error(
          `The source "${source.name}" could not be read on from byte ${position} of ${info.sizeBytes}: no byte in ${timing.patienceSeconds} s.`,
          { cause: error },
        );
      }
      await sleep(delaySeconds(failures++) * 1000, undefined, { signal });
    } finally {
      clearInterval(check);
      body.destroy();
    }
  }
}
