import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HeldLeases } from '../../../../worker/src/film/session/held-leases.ts';
import type { Store } from '../../../../worker/src/storage/store.ts';
import { mapStore } from '../../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../../helpers/worker/queue.ts';
import { startStore, type TestStore } from '../../../helpers/worker/store.ts';

const key = 'job/leases/0000';
const never = new AbortController().signal;

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

function open(output: Store, leaseSeconds: number) {
  const lost: string[] = [];
  const leases = new HeldLeases({
    output,
    owner: 'this worker',
    messageId: 'm-1',
    leaseSeconds,
    progressOf: () => undefined,
    onLost: (each) => lost.push(each),
    log: recordingLogger().log,
  });
  return { leases, lost };
}

describe('a worker that leaves', () => {
  it.each(['release', 'keep'] as const)('does not wait for a renewal that hangs (%s)', async (way) => {
    let writes = 0;
    const renewal = Promise.withResolvers<void>();
    const output = mapStore(files.store, {
      putIf: (...given) => {
        writes += 1;
        if (writes !== 2) return files.store.putIf(...given);
        renewal.resolve();
        return new Promise(() => {});
      },
    });
    const { leases } = open(output, 1);
    await leases.acquire(key, undefined, never);
    await renewal.promise;
    const inTime = AbortSignal.timeout(300);
    const left = leases[way](key, inTime).then(
      () => 'left',
      () => 'gave up',
    );
    expect(['left', 'gave up']).toContain(await left);
  });
});

it('a renewal that was written without an answer is not taken for another worker’s', async () => {
  let writes = 0;
  const output = mapStore(files.store, {
    putIf: async (...given) => {
      writes += 1;
      const outcome = await files.store.putIf(...given);
      if (writes === 2) throw new Error('The answer was lost.');
      return outcome;
    },
  });
  const { leases, lost } = open(output, 1);
  await leases.acquire(key, undefined, never);
  await vi.waitFor(() => expect(writes).toBeGreaterThan(4), { timeout: 10_000 });
  expect(lost).toEqual([]);
  expect(leases.holds(key)).toBe(true);
  await leases.releaseAll(never);
  expect(await files.keys()).toEqual([]);
});

it('a lease that another worker has taken over is lost at its next renewal', async () => {
  const { leases, lost } = open(files.store, 1);
  await leases.acquire(key, undefined, never);
  const headers = { contentType: 'application/json', cacheControl: '' };
  await files.store.put(
    key,
    JSON.stringify({ version: 1, owner: 'another', messageId: 'm-2', renewals: 0 }),
    headers,
  );
  await vi.waitFor(() => expect(lost).toEqual([key]), { timeout: 10_000 });
  expect(await leases.stillHolds(key, never)).toBe(false);
});
