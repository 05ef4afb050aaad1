import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partsMissing } from '../../../worker/src/film/choose.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import { isHandKey } from '../../../worker/src/protocol/hand.ts';
import { removeOlder } from '../../../worker/src/publish/clean-up.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { folder, join, type Member, manyParts, record, slowStore } from '../../helpers/crews.ts';
import { videoParts } from '../../helpers/plans.ts';
import { startStorage } from '../../helpers/storage.ts';
import { startStore, type TestStore } from '../../helpers/store.ts';

const plan = manyParts();
const staleSeconds = 1;
const isStale = () => sleep(staleSeconds * 1000 + 50);

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

const handsLeft = async () => (await files.keys()).filter(isHandKey);

/** @throws where it may not join */
async function joined(
  options: Parameters<typeof join>[2] = {},
  output: Store = files.store,
): Promise<Member> {
  const member = await join(plan, output, options);
  if (!member) throw new Error('This worker was to join.');
  return member;
}

async function begin({ crew }: Member, kind: Part['kind'] = 'video'): Promise<Part> {
  const part = await crew.next(kind);
  if (!part) throw new Error('There was to be a part left.');
  return part;
}

const indexes = (parts: readonly Part[]) => parts.map(({ index }) => index);

describe('the workers of one film', () => {
  it('make each part, seldom one twice, and one of them writes the playlists', async () => {
    let made = 0;
    let doubles = 0;
    const workers = fc.record({
      pauses: fc.infiniteStream(fc.nat({ max: 8 })),
      count: fc.integer({ min: 2, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(workers, async ({ pauses, count }) => {
        await using storage = await startStore();
        const pause = () => sleep(pauses.next().value ?? 0);
        const film = await makeFilm(count, storage.store, pause);
        expect(new Set(indexes(film.made))).toEqual(new Set(indexes(plan.parts)));
        expect(film.assemblies).toBe(1);
        made += plan.parts.length;
        doubles += film.made.length - plan.parts.length;
        await removeOlder(storage.store, folder.job.plan(plan.id), 0, new AbortController().signal);
        expect((await storage.keys()).filter(isHandKey)).toEqual([]);
      }),
      { numRuns: 6, seed: 1 },
    );
    // Parts that take no time are chosen at the same moment far more often than real ones.
    expect(doubles / made).toBeLessThanOrEqual(0.05);
  });

  it('see each other’s parts and progress at each look', async () => {
    const [lead, helper] = [await joined(), await joined({ seat: 1, messageId: 'm-1' })];
    const part = await begin(lead);
    const { others } = await helper.crew.look();
    expect(others).toMatchObject([{ seat: 0, messageId: 'm-0', parts: [{ part: part.index, seconds: 0 }] }]);
    await record(lead, part, files.store);
    expect((await helper.crew.look()).records.map((made) => made.part)).toEqual([part.index]);
    for (const { crew } of [lead, helper]) await crew.leave('gone');
  });

  it('look by themselves, several times before a hand is stale', async () => {
    let looks = 0;
    const lead = await joined({ staleSeconds, onView: () => (looks += 1) });
    await sleep(staleSeconds * 1000);
    expect(looks).toBeGreaterThan(3);
    await lead.crew.leave('gone');
    const before = looks;
    await sleep((staleSeconds * 1000) / 2);
    expect(looks).toBe(before);
    expect(await handsLeft()).toEqual([]);
  });
});

describe('a worker that goes silent', () => {
  it('is missed after a while, and not before; others then take its parts', async () => {
    const lost = await joined({ staleSeconds });
    const part = await begin(lost);
    lost.lose();
    const other = await joined({ staleSeconds, messageId: 'm-1' });
    const second = await begin(other);
    expect(second).not.toBe(part);
    expect((await other.crew.look()).others).toMatchObject([{ fresh: true }]);
    await isStale();
    expect((await other.crew.look()).others).toMatchObject([{ fresh: false }]);
    expect(await begin(other)).toBe(part);
    await other.crew.leave('gone');
  });

  it('leaves its parts to whoever gets its message, first of all', async () => {
    const lost = await joined({ staleSeconds, seat: 3 });
    const part = await begin(lost);
    expect(part).toBe(videoParts(plan)[3]);
    lost.lose();
    await isStale();
    const next = await joined({ staleSeconds });
    expect(await begin(next)).toBe(part);
    expect(await handsLeft()).toHaveLength(1);
    await next.crew.leave('gone');
  });

  it('while it writes the playlists is followed by another', async () => {
    const [lost, other] = [await joined({ staleSeconds }), await joined({ staleSeconds, messageId: 'm-1' })];
    for (const part of plan.parts) await record(lost, part, files.store);
    expect(await lost.crew.takeAssembly()).toBe(true);
    expect(await other.crew.takeAssembly()).toBe(false);
    lost.lose();
    await isStale();
    expect(await other.crew.takeAssembly()).toBe(true);
    await other.crew.leave('gone');
  });
});

describe('a message that comes twice', () => {
  it('joins once, while its first run lives', async () => {
    const first = await joined();
    expect(await join(plan, files.store)).toBeUndefined();
    expect(await handsLeft()).toHaveLength(1);
    await first.crew.leave('gone');
  });
});

describe('a worker that leaves', () => {
  it('because of trouble keeps its part for the next run of its message, and from all others', async () => {
    const lead = await joined({ staleSeconds });
    const other = await joined({ staleSeconds, messageId: 'm-1' });
    const part = await begin(lead);
    expect(await lead.crew.leave('retry')).toBe(true);
    const second = await begin(other);
    expect(second).not.toBe(part);
    const again = await joined({ staleSeconds });
    expect(await begin(again)).toBe(part);
    for (const { crew } of [other, again]) await crew.leave('gone');
  });

  it('because of trouble keeps nothing for longer than a lost worker', async () => {
    const lead = await joined({ staleSeconds });
    const other = await joined({ staleSeconds, messageId: 'm-1' });
    const part = await begin(lead);
    await lead.crew.leave('retry');
    await isStale();
    expect(await begin(other)).toBe(part);
    await other.crew.leave('gone');
  });

  it('with nothing more to do is no longer counted, and what it did still is', async () => {
    const [lead, helper] = [await joined(), await joined({ seat: 1, messageId: 'm-1' })];
    const part = await begin(helper);
    helper.progress.onPublished(500);
    await record(helper, part, files.store);
    expect(await helper.crew.leave('done')).toBe(true);
    const { others } = await lead.crew.look();
    expect(others).toMatchObject([{ atWork: false, parts: [], publishedBytes: 500 }]);
    expect(lead.progress.now()).toMatchObject({ publishedBytes: 500, publishedSegments: 1 });
    await lead.crew.leave('gone');
  });

  it('for good leaves no trace', async () => {
    const lead = await joined();
    await begin(lead);
    expect(await lead.crew.leave('gone')).toBe(false);
    expect(await files.keys()).toEqual([]);
  });

  it('after the film is whole leaves no trace, whatever it meant to leave', async () => {
    for (const how of ['done', 'retry'] as const) {
      const lead = await joined();
      for (const part of plan.parts) await record(lead, part, files.store);
      await lead.crew.leave(how);
      expect(await handsLeft()).toEqual([]);
    }
  });

  it('does so within seconds when storage does not answer any more', async () => {
    const storage = await startStorage();
    const output = openStore(storage.bucket('films'), { retrySeconds: 60 });
    const lead = await joined({}, output);
    await storage[Symbol.asyncDispose]();
    const before = performance.now();
    await lead.crew.leave('done');
    expect(performance.now() - before).toBeLessThan(3000);
    output.close();
  });
});

describe('the playlists', () => {
  it('are not written while a part is missing', async () => {
    const lead = await joined();
    for (const part of plan.parts.slice(1)) await record(lead, part, files.store);
    expect(await lead.crew.takeAssembly()).toBe(false);
    await lead.crew.leave('gone');
  });

  it('are one worker’s, also when another found nobody at it and says only afterwards that it begins', async () => {
    // Which of the two has the smaller name is chance.
    for (let round = 0; round < 8; round += 1) {
      const reached = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const late = slowStore(files.store, async (_, body) => {
        if (!String(body).includes('"assembling":true')) return;
        reached.resolve();
        await goOn.promise;
      });
      const one = await joined();
      const other = await joined({ seat: 1, messageId: 'm-1' }, late);
      for (const part of plan.parts) await record(one, part, files.store);
      const second = other.crew.takeAssembly();
      await reached.promise;
      const first = await one.crew.takeAssembly();
      goOn.resolve();
      expect([first, await second]).toEqual([true, false]);
      for (const { crew } of [one, other]) await crew.leave('gone');
    }
  });

  it('are one worker’s when several have made the last parts at the same moment', async () => {
    const members = [await joined()];
    for (const seat of [1, 2, 3, 4]) members.push(await joined({ seat, messageId: `m-${seat}` }));
    await Promise.all(plan.parts.map((part) => record(members[0] as Member, part, files.store)));
    const taken = await Promise.all(members.map(({ crew }) => crew.takeAssembly()));
    expect(taken.filter(Boolean)).toHaveLength(1);
    for (const { crew } of members) await crew.leave('gone');
  });
});

/** @returns all that was made, and how often somebody was to write the playlists */
async function makeFilm(count: number, output: Store, pause: () => Promise<void>) {
  const made: Part[] = [];
  let assemblies = 0;
  let isCommitted = false;
  const slow = slowStore(output, pause);
  const work = async (seat: number) => {
    const member = await joined({ seat, messageId: `m-${seat}` }, slow);
    for (const kind of ['video', 'audio'] as const) {
      for (let part = await member.crew.next(kind); part; part = await member.crew.next(kind)) {
        made.push(part);
        await pause();
        await record(member, part, slow);
      }
    }
    if (!(await member.crew.takeAssembly())) return member.crew.leave('done');
    if (isCommitted) return member.crew.leave('gone');
    assemblies += 1;
    const { records } = await member.crew.look();
    expect(partsMissing(plan, records)).toEqual([]);
    await pause();
    isCommitted = true;
    return member.crew.leave('gone');
  };
  await Promise.all(Array.from({ length: count }, (_, seat) => work(seat)));
  return { made, assemblies };
}
