import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Part } from '../../../../worker/src/plan/plan.ts';
import { removeOlder } from '../../../../worker/src/publish/clean-up.ts';
import { readRecords } from '../../../../worker/src/publish/records.ts';
import { openStore } from '../../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../../worker/src/storage/store.ts';
import { audioPart, shortPlan, videoParts } from '../../../helpers/media/plans.ts';
import {
  folder,
  laterStore,
  type Member,
  type MemberOptions,
  manyParts,
  mapStore,
  openMember,
  record,
  recordOf,
  slowStore,
} from '../../../helpers/worker/film-sessions.ts';
import { startStorage } from '../../../helpers/worker/storage.ts';
import { startStore, type TestStore } from '../../../helpers/worker/store.ts';

const plan = manyParts();
const [first, second] = videoParts(plan) as [Part, Part];
/** Dates in HTTP have whole seconds. */
const leaseSeconds = 2;
const isStale = () => sleep((leaseSeconds + 1) * 1000 + 50);
const never = new AbortController().signal;

let files: TestStore;
/** By how much the storage's clock is ahead of when its objects were written. */
let aheadSeconds = 0;
/** The same without the wait, for leases of workers that renew none. */
const makeStale = () => {
  aheadSeconds += leaseSeconds + 1;
};
const open = (options: MemberOptions = {}, output: Store = laterStore(files.store, () => aheadSeconds)) =>
  openMember(plan, output, options);
const leasesLeft = async () => (await files.keys()).filter((key) => key.startsWith(folder.leases));

beforeEach(async () => {
  aheadSeconds = 0;
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

async function begin({ session }: Member, kind: Part['kind'] = 'video'): Promise<Part> {
  await session.enter();
  const part = await session.next(kind);
  if (!part) throw new Error('There was to be a part left.');
  return part;
}

/** The same 30 s in eight parts, and their audio. */
const fewParts = shortPlan({ encoding: { segmentSeconds: 2, partSeconds: 4 } });

/** Makes all that is left of `fewParts`, and commits if it is this worker's to do. @returns what it made */
async function work(member: Member, output: Store, pause: () => Promise<unknown>) {
  const { session } = member;
  const made: Part[] = [];
  await session.enter();
  for (const kind of ['video', 'audio'] as const) {
    for (let part = await session.next(kind); part; part = await session.next(kind)) {
      made.push(part);
      await pause();
      await record(member, part);
    }
  }
  const assembles = (await session.claimAssembly()) !== undefined;
  if (assembles)
    expect(await readRecords(output, folder, fewParts, never)).toHaveLength(fewParts.parts.length);
  return { made, assembles };
}

it('begins the audio as soon as it has recorded how loud that is, and no other worker does before', async () => {
  const measured = shortPlan({ encoding: { loudness: -16 } });
  const member = () => openMember(measured, files.store, { leaseSeconds });
  await using measuring = member();
  await using other = member();
  const part = await begin(measuring, 'loudness');
  await other.session.enter();
  expect(await other.session.next('loudness')).toBeUndefined();
  expect(await other.session.next('audio')).toBeUndefined();
  expect(await measuring.session.next('audio')).toBeUndefined();
  await record(measuring, part);
  expect((await measuring.session.next('audio'))?.kind).toBe('audio');
});

describe.each([
  ['with conditional writes', true],
  ['without conditional writes', false],
])('several workers on storage %s', (_, conditionalWrites) => {
  it('make each part, and one of them writes the playlists; nothing of their leases stays', async () => {
    const workers = fc.record({
      pauses: fc.infiniteStream(fc.nat({ max: 8 })),
      count: fc.integer({ min: 2, max: 5 }),
    });
    await using storage = await startStorage();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(workers, async ({ pauses, count }) => {
        const store = openStore({ ...storage.bucket(`films-${runs++}`), conditionalWrites });
        const pause = () => sleep(pauses.next().value ?? 0);
        const slow = slowStore(store, pause);
        const members = Array.from({ length: count }, () => openMember(fewParts, slow));
        const shares = await Promise.all(members.map((member) => work(member, store, pause)));
        const made = shares.flatMap((share) => share.made.map(({ index }) => index));
        expect(new Set(made)).toEqual(new Set(fewParts.parts.map(({ index }) => index)));
        const assemblies = shares.filter(({ assembles }) => assembles).length;
        if (conditionalWrites) {
          expect(made).toHaveLength(fewParts.parts.length);
          expect(assemblies).toBe(1);
        } else {
          expect(assemblies).toBeGreaterThan(0);
        }
        for (const member of members) await member[Symbol.asyncDispose]();
        await removeOlder(store, folder, { keepSeconds: 0 }, never);
        const left: string[] = [];
        for await (const { key } of store.list(folder.leases)) left.push(key);
        expect(left).toEqual([]);
        store.close();
      }),
      { numRuns: 6, seed: 1 },
    );
  });
});

describe('a worker that is killed', () => {
  it('is missed when its lease is stale, and not before; others then take its part', async () => {
    const lost = open({ leaseSeconds });
    expect(await begin(lost)).toBe(first);
    lost.kill();
    await using other = open({ leaseSeconds });
    expect(await begin(other)).toBe(second);
    makeStale();
    await using later = open({ leaseSeconds });
    expect(await begin(later)).toBe(first);
  });

  it('while it writes the playlists is followed by another', async () => {
    const lost = open({ leaseSeconds });
    await using other = open({ leaseSeconds });
    for (const part of plan.parts) await record(lost, part);
    expect(await lost.session.claimAssembly()).toBeDefined();
    expect(await other.session.claimAssembly()).toBeUndefined();
    lost.kill();
    makeStale();
    expect(await other.session.claimAssembly()).toBeDefined();
  });
});

describe('a part of a lost worker', () => {
  it('is taken up when its lease is stale, and is given next', async () => {
    const lost = open({ leaseSeconds });
    const part = await begin(lost);
    await using other = open({ leaseSeconds });
    expect(await begin(other)).toEqual(second);
    expect(await other.session.takeLost(part)).toBe(false);
    lost.kill();
    makeStale();
    expect(other.session.hasReserved('video')).toBe(false);
    expect(await other.session.takeLost(part)).toBe(true);
    expect(other.session.hasReserved('video')).toBe(true);
    expect(await other.session.next('video')).toEqual(part);
    expect(other.session.hasReserved('video')).toBe(false);
    expect(await other.session.takeLost(part)).toBe(false);
  });

  it('is not taken up when it is recorded', async () => {
    await using one = open({ leaseSeconds });
    await record(one, await begin(one));
    await using other = open({ leaseSeconds });
    makeStale();
    expect(await other.session.takeLost(first)).toBe(false);
  });

  it('makes room for another one that is given back, which is free for others at once', async () => {
    const lost = open({ leaseSeconds });
    const part = await begin(lost);
    await using other = open({ leaseSeconds });
    const later = await begin(other);
    lost.kill();
    makeStale();
    expect(await other.session.takeLost(part)).toBe(true);
    await other.session.drop(later);
    expect(await leasesLeft()).not.toContain(folder.partLease(later.index));
    expect(await other.session.next('video')).toEqual(part);
  });
});

describe('a worker that lives', () => {
  it('keeps its part for longer than a lease lasts', async () => {
    await using worker = open({ leaseSeconds });
    await using other = open({ leaseSeconds });
    await begin(worker);
    await isStale();
    expect(await begin(other)).toBe(second);
  });

  it('finds that its lease was taken over, and does not remove the other’s', async () => {
    const looked = Promise.withResolvers<void>();
    const output = mapStore(files.store, {
      get: (...given) => files.store.get(...given).finally(() => setImmediate(looked.resolve)),
    });
    const asleep = open({ leaseSeconds }, output);
    await begin(asleep);
    const key = folder.partLease(first.index);
    const taken = JSON.stringify({ version: 1, owner: 'o', messageId: 'm', renewals: 0, kept: false });
    await files.store.put(key, taken, { contentType: 'application/json', cacheControl: 'no-cache' });
    // The next renewal is refused, and then it reads whose the lease is.
    await looked.promise;
    await asleep[Symbol.asyncDispose]();
    expect((await files.store.get(key))?.toString()).toBe(taken);
  });
});

describe('a film that others finished', () => {
  const finish = async (member: Member) => {
    for (const part of plan.parts) await record(member, part);
    await removeOlder(files.store, folder, { keepSeconds: 0 }, never);
  };

  it('is not begun again by a worker that stood still before it took a part', async () => {
    await using other = open();
    const storeThatWaits = mapStore(files.store, {
      putIf: async (...given) => {
        await finish(other);
        await sleep(leaseSeconds * 500 + 100);
        return files.store.putIf(...given);
      },
    });
    await using asleep = open({ leaseSeconds }, storeThatWaits);
    await asleep.session.enter();
    expect(await asleep.session.next('video')).toBeUndefined();
    expect(await leasesLeft()).toEqual([]);
  });

  it('is not begun again by a worker that looks while its last records are written and its leases go', async () => {
    await using other = open();
    let listings = 0;
    const storeBetween = mapStore(files.store, {
      listAll: async (...given) => {
        listings += 1;
        // The second listing of a look comes after all that the others do in between.
        if (listings === 2) await finish(other);
        return files.store.listAll(...given);
      },
    });
    await using worker = open({}, storeBetween);
    await worker.session.enter();
    expect(await worker.session.next('video')).toBeUndefined();
    expect(await leasesLeft()).toEqual([]);
  });

  it('keeps no lease of a part that a late worker made once more', async () => {
    await using other = open();
    await finish(other);
    await using late = open();
    expect(await late.session.reserve(second)).toBe(true);
    await record(late, second);
    expect(await late.session.claimAssembly()).toBeDefined();
    await late.session.leavePublished();
    await late[Symbol.asyncDispose]();
    expect(await leasesLeft()).toEqual([]);
  });

  it('is not published where another worker refused it and removed its records meanwhile', async () => {
    await using other = open();
    for (const part of plan.parts) await record(other, part);
    const removing = mapStore(files.store, {
      putIf: async (...given) => {
        await files.store.remove(plan.parts.map(({ index }) => folder.record(index)));
        return files.store.putIf(...given);
      },
    });
    await using worker = open({}, removing);
    expect(await worker.session.claimAssembly()).toBeUndefined();
    expect(await leasesLeft()).toEqual([]);
  });
});

describe('a worker that is interrupted', () => {
  it('leaves no lease whose request reaches storage after the interruption', async () => {
    const delayed = mapStore(files.store, {
      // As a network does it: what was sent arrives, though the sender has hung up.
      putIf: async (key, body, condition, { signal, ...options }) => {
        const arrives = sleep(200).then(() => files.store.putIf(key, body, condition, options));
        const hungUp = new Promise<never>((_, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
        );
        return Promise.race([arrives, hungUp]);
      },
    });
    const stopped = open({}, delayed);
    await stopped.session.enter();
    const next = stopped.session.next('video').catch(() => undefined);
    await sleep(100);
    stopped.interrupt();
    expect(await next).toBeUndefined();
    await stopped[Symbol.asyncDispose]();
    await sleep(300);
    expect(await leasesLeft()).toEqual([]);
  });

  it('releases its leases at once: its part is free for others within a second', async () => {
    const stopped = open();
    await begin(stopped);
    stopped.interrupt();
    await sleep(900);
    expect(await leasesLeft()).toEqual([]);
    await using other = open();
    expect(await begin(other)).toBe(first);
  });
});

describe('a worker that leaves', () => {
  const trouble = new Error('ffmpeg hangs');

  it('because of trouble keeps its part for the next run of its message, and from all others', async () => {
    const troubled = open({ messageId: 'm-0' });
    await begin(troubled);
    await using other = open();
    await begin(other);
    await troubled.session.fail(trouble);
    await troubled[Symbol.asyncDispose]();
    expect(await other.session.next('video')).toBe(videoParts(plan)[2]);
    await using again = open({ messageId: 'm-0', isRepeat: true });
    expect(await begin(again)).toBe(first);
  });

  it('because of trouble keeps nothing for longer than a lost worker', async () => {
    const troubled = open({ leaseSeconds });
    await begin(troubled);
    await troubled.session.fail(trouble);
    makeStale();
    await using other = open({ leaseSeconds });
    expect(await begin(other)).toBe(first);
  });

  it('is silent about its pause where others go on, and reports it where it was alone', async () => {
    await using other = open();
    await begin(other);
    const troubled = open();
    await begin(troubled);
    await troubled.session.fail(trouble);
    expect(troubled.report.reporting()).toBe('silent');
    await other[Symbol.asyncDispose]();
    const alone = open();
    await begin(alone);
    await alone.session.fail(trouble);
    expect(alone.report.reporting()).toBe('reporting');
  });

  it('does so within seconds when storage does not answer any more', async () => {
    const storage = await startStorage();
    const output = openStore(storage.bucket('films'), { retrySeconds: 60 });
    const worker = open({}, output);
    await begin(worker);
    await storage[Symbol.asyncDispose]();
    const before = performance.now();
    await worker[Symbol.asyncDispose]();
    expect(performance.now() - before).toBeLessThan(4000);
    output.close();
  });
});

describe('a message that comes twice', () => {
  it('does not join while its first run lives', async () => {
    await using worker = open({ messageId: 'm-0' });
    await begin(worker);
    await using twin = open({ messageId: 'm-0' });
    expect(await twin.session.enter()).toBeUndefined();
    await using other = open();
    expect(await other.session.enter()).toMatchObject({ workers: 1 });
  });

  it('of a part request does not join while its first run makes the part that it names', async () => {
    await using worker = open({ messageId: 'm-0' });
    expect(await worker.session.reserve(second)).toBe(true);
    await using twin = open({ messageId: 'm-0' });
    expect(await twin.session.reserve(second)).toBe(false);
    expect(await twin.session.enter({ width: 9, firstPart: second.index })).toBeUndefined();
  });
});

describe('a part request', () => {
  it('begins with its part by one write, without a look at the film', async () => {
    await using worker = open();
    expect(await worker.session.reserve(second)).toBe(true);
    expect(await worker.session.next('video')).toBe(second);
    expect(await worker.session.next('audio')).toBeUndefined();
    expect(await worker.session.next('video')).toBe(first);
    expect(await worker.session.next('audio')).toBe(audioPart(plan));
  });

  it('whose part another has taken counts the workers on the film, each once', async () => {
    await using worker = open();
    await begin(worker);
    await begin(worker, 'audio');
    await worker.session.next('video');
    await using helper = open();
    expect(await helper.session.reserve(first)).toBe(false);
    expect(await helper.session.enter({ width: 2, firstPart: first.index })).toMatchObject({ workers: 1 });
  });
});

describe('the playlists', () => {
  it('are not written while a part is missing', async () => {
    await using worker = open();
    for (const part of plan.parts.slice(1)) await record(worker, part);
    expect(await worker.session.claimAssembly()).toBeUndefined();
  });

  it('are one worker’s when several have made the last parts at the same moment', async () => {
    const members = [0, 1, 2, 3, 4].map(() => open());
    await Promise.all(plan.parts.map((part) => record(members[0] as Member, part)));
    const taken = await Promise.all(members.map(({ session }) => session.claimAssembly()));
    expect(taken.filter(Boolean)).toHaveLength(1);
    for (const member of members) await member[Symbol.asyncDispose]();
  });

  it('are no longer this worker’s when another has taken them over', async () => {
    await using worker = open({ leaseSeconds });
    for (const part of plan.parts) await record(worker, part);
    const claim = await worker.session.claimAssembly();
    await claim?.assertHeld();
    await files.store.put(folder.assemblyLease, '{}', { contentType: 'application/json', cacheControl: '' });
    await vi.waitFor(() => expect(claim?.lost.aborted).toBe(true), { timeout: 10_000 });
    await expect(claim?.assertHeld()).rejects.toThrow('Another worker has taken over the playlists');
  });

  it('whose parts were thrown away by another worker wait until they are made again, by this one too', async () => {
    await using worker = open({ leaseSeconds });
    for (const part of plan.parts) {
      await worker.session.next(part.kind);
      await record(worker, part);
    }
    expect(await worker.session.awaitPeers(undefined)).toBe('commit');
    await files.store.remove([folder.record(first.index)]);
    expect(await worker.session.awaitPeers(undefined)).toBe('parts');
    expect(await worker.session.next('video')).toBe(first);
  });

  it('of a film that ends early wait for no part after its end', async () => {
    await using worker = open();
    await record(worker, first);
    await record(worker, second, recordOf(second, 2.5));
    expect(await worker.session.claimAssembly()).toBeUndefined();
    await record(worker, audioPart(plan));
    expect(await worker.session.claimAssembly()).toBeDefined();
  });
});
