import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CurrentPart, LostParts } from '../../../../worker/src/film/early/lost-parts.ts';
import type { Part } from '../../../../worker/src/plan/plan.ts';
import { audioPart, shortPlan, videoParts } from '../../../helpers/media/plans.ts';

/** 30 s in three parts of video and one of audio. */
const plan = shortPlan({ encoding: { segmentSeconds: 2, partSeconds: 10 } });
const [first, second, third] = videoParts(plan) as [Part, Part, Part];
const audio = audioPart(plan);

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** @param share of its current part that this worker has made in 10 s */
function watch({ share = 0.5, isFree = (_: Part): boolean => true } = {}) {
  const taken: Part[] = [];
  const lost = new LostParts({
    segmentSeconds: plan.segmentSeconds,
    session: {
      takeLost: async (part) => {
        if (isFree(part)) taken.push(part);
        return isFree(part);
      },
    },
    progress: { shareOf: () => share },
  });
  return { lost, taken };
}

const since = (part: Part, seconds = 10): CurrentPart => ({
  part,
  startedAtMs: performance.now() - seconds * 1000,
});

/** @returns what is taken up, where anything is */
async function takenUp(
  { lost, taken }: ReturnType<typeof watch>,
  parts: readonly Part[],
  current: CurrentPart | undefined,
  playedSeconds = 0,
): Promise<readonly Part[]> {
  const stop = new AbortController();
  const next = lost.next(() => current, stop.signal);
  lost.consider(parts, playedSeconds);
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await next;
  return taken;
}

describe('a part to which players come next, and whose worker was lost', () => {
  it('is taken up in place of a later one that takes longer than they have to play', async () => {
    expect(await takenUp(watch(), [second], since(third), 8)).toEqual([second]);
    expect(await takenUp(watch(), [first], since(third))).toEqual([first]);
  });

  it('waits for one that ends before they come to it', async () => {
    // 10 s are played, 20 are there, of which two segments are spare; 10 s are left of the part.
    expect(await takenUp(watch(), [third], since({ ...third, startSeconds: 24 } as Part), 0)).toEqual([]);
    expect(await takenUp(watch(), [third], since({ ...third, startSeconds: 24 } as Part), 10)).toEqual([
      third,
    ]);
  });

  it('waits for one that is all but made', async () => {
    expect(await takenUp(watch({ share: 0.8 }), [first], since(third))).toEqual([]);
    expect(await takenUp(watch({ share: 0.75 }), [first], since(third))).toEqual([first]);
  });

  it('is taken up at once where nothing of the later one is made yet', async () => {
    expect(await takenUp(watch({ share: 0 }), [first], since(third, 0.1))).toEqual([first]);
  });

  it('is left to a worker that is between two parts, as it chooses it by itself', async () => {
    expect(await takenUp(watch(), [first], undefined)).toEqual([]);
  });

  it('replaces none that comes before it', async () => {
    expect(await takenUp(watch(), [second], since(first))).toEqual([]);
  });

  it('is not taken where its worker lives, or another one was quicker', async () => {
    expect(await takenUp(watch({ isFree: () => false }), [first], since(third))).toEqual([]);
  });

  it('is made beside the video where it is audio', async () => {
    expect(await takenUp(watch(), [audio], since(first))).toEqual([audio]);
    expect(await takenUp(watch({ isFree: (part) => part !== first }), [first, audio], since(third))).toEqual([
      audio,
    ]);
  });
});

it('a wait that ends takes nothing up', async () => {
  const { lost, taken } = watch();
  const stop = new AbortController();
  const next = lost.next(() => since(third), stop.signal);
  stop.abort();
  lost.consider([first], 0);
  expect(await next).toBeUndefined();
  expect(taken).toEqual([]);
});
