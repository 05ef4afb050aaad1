import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EarlyParts } from '../../../../worker/src/film/early/early-parts.ts';
import { MadeSegments } from '../../../../worker/src/film/session/made-segments.ts';
import type { Plan } from '../../../../worker/src/plan/plan.ts';
import { shortPlan } from '../../../helpers/media/plans.ts';
import { folder, recordOf } from '../../../helpers/worker/film-sessions.ts';
import { startStore, type TestStore } from '../../../helpers/worker/store.ts';

const stillSeconds = 7.5;
const { signal } = new AbortController();

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await files[Symbol.asyncDispose]();
});

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);

function watch(plan: Plan) {
  const of = (kind: string, at = 0) => plan.parts.filter((part) => part.kind === kind)[at]?.index ?? -1;
  const put = (key: string, value: object) =>
    files.store.put(key, JSON.stringify(value), {
      contentType: 'application/json',
      cacheControl: 'no-cache',
    });
  const parts = new EarlyParts({
    ...{ plan, folder, output: files.store, made: new MadeSegments(plan) },
    ...{ isShared: true, lookSeconds: 1.5 },
  });
  return {
    of,
    renew: (part: number, renewals: number, kept = false) =>
      put(folder.partLease(part), { version: 1, owner: 'a', messageId: 'a', renewals, kept }),
    record: (part: number) => {
      const found = plan.parts.find(({ index }) => index === part);
      return found && put(folder.record(part), recordOf(found));
    },
    /** Looks again, after so long. @returns which may be lost */
    async quietAfter(seconds: number, own: readonly number[] = []) {
      pass(seconds);
      await parts.now(new Set(own), signal);
      return parts.quiet(stillSeconds);
    },
  };
}

describe('a part that players come to next may be lost', () => {
  const plan = shortPlan({ encoding: { segmentSeconds: 2, partSeconds: 10 } });

  it('when its lease says nothing new for long; at the first look that is not known', async () => {
    const { of, renew, quietAfter } = watch(plan);
    const first = of('video');
    await renew(first, 0);
    const beside = [of('audio')];
    expect(await quietAfter(0, beside)).toEqual([first]);
    await renew(first, 1);
    expect(await quietAfter(2, beside)).toEqual([]);
    expect(await quietAfter(7, beside)).toEqual([]);
    expect(await quietAfter(1, beside)).toEqual([first]);
    await renew(first, 2);
    expect(await quietAfter(2, beside)).toEqual([]);
  });

  it('but not when it is kept for the next run of a message', async () => {
    const { of, renew, quietAfter } = watch(plan);
    const beside = [of('audio')];
    await renew(of('video'), 1, true);
    expect(await quietAfter(0, beside)).toEqual([]);
    expect(await quietAfter(20, beside)).toEqual([]);
  });

  it('when it has no lease for more than a moment', async () => {
    const { of, quietAfter } = watch(plan);
    const beside = [of('audio')];
    expect(await quietAfter(0, beside)).toEqual([]);
    expect(await quietAfter(2, beside)).toEqual([of('video')]);
  });

  it('and is the next one when the one before it is recorded', async () => {
    const { of, renew, record, quietAfter } = watch(plan);
    const beside = [of('audio')];
    await renew(of('video'), 0);
    await renew(of('video', 1), 0);
    await quietAfter(0, beside);
    await record(of('video'));
    expect(await quietAfter(2, beside)).toEqual([of('video', 1)]);
  });

  it('and is not one that this worker makes', async () => {
    const { of, quietAfter } = watch(plan);
    const own = [of('video'), of('audio')];
    await quietAfter(0, own);
    expect(await quietAfter(2, own)).toEqual([]);
  });
});

it('audio is not missed while it waits to be measured; the measuring is', async () => {
  const { of, record, quietAfter } = watch(shortPlan({ encoding: { loudness: -16 } }));
  const beside = [of('video')];
  await quietAfter(0, beside);
  expect(await quietAfter(2, beside)).toEqual([of('loudness')]);
  await record(of('loudness'));
  await quietAfter(2, beside);
  expect(await quietAfter(2, beside)).toEqual([of('audio')]);
});
