import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LostParts, type VideoWork } from '../../../../worker/src/film/early/lost-parts.ts';
import type { Part } from '../../../../worker/src/plan/plan.ts';
import { audioPart, shortPlan, videoParts } from '../../../helpers/media/plans.ts';
import { recordingLogger } from '../../../helpers/worker/queue.ts';

/** 30 s in three parts of video and one of audio. */
const plan = shortPlan({ encoding: { segmentSeconds: 2, partSeconds: 10 } });
const [first, second, third] = videoParts(plan) as [Part, Part, Part];
const audio = audioPart(plan);

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

function watch({ isFree = (_: Part): boolean => true } = {}) {
  const taken: Part[] = [];
  const { log, lines } = recordingLogger();
  const lost = new LostParts({
    plan,
    session: {
      takeLost: async (part) => {
        if (isFree(part)) taken.push(part);
        return isFree(part);
      },
    },
    log,
  });
  return { lost, taken, lines };
}

const between: VideoWork = { kind: 'between' };
const over: VideoWork = { kind: 'over' };
const rate = plan.video.frameRate.num / plan.video.frameRate.den;

/** @param share of a part of 10 s that is made, by now */
const at = (part: Part, share = 0.5, seconds = 10): VideoWork => ({
  kind: 'encoding',
  part,
  startedAtMs: performance.now() - seconds * 1000,
  frames: Math.round(share * 10 * rate),
});

/** @returns what is taken up, where anything is */
async function takenUp(
  { lost, taken }: ReturnType<typeof watch>,
  parts: readonly Part[],
  work: VideoWork,
  playedSeconds = 0,
): Promise<readonly Part[]> {
  const stop = new AbortController();
  const next = lost.next(() => work, stop.signal);
  lost.consider(parts, playedSeconds);
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await next;
  return taken;
}

describe('a part to which players come next, and whose worker was lost', () => {
  it('is taken up in place of a later one that takes longer than they have to play', async () => {
    expect(await takenUp(watch(), [second], at(third), 8)).toEqual([second]);
    expect(await takenUp(watch(), [first], at(third))).toEqual([first]);
  });

  it('waits for one that ends before they come to it', async () => {
    // 10 s are played, 20 are there, of which two segments are spare; 10 s are left of the part.
    expect(
      await takenUp(watch(), [third], at({ ...third, startSeconds: 24, endSeconds: 34 } as Part), 0),
    ).toEqual([]);
    expect(
      await takenUp(watch(), [third], at({ ...third, startSeconds: 24, endSeconds: 34 } as Part), 10),
    ).toEqual([third]);
  });

  it('waits for one that is all but made', async () => {
    expect(await takenUp(watch(), [first], at(third, 0.8))).toEqual([]);
    expect(await takenUp(watch(), [first], at(third, 0.75))).toEqual([first]);
  });

  it('is taken up at once where nothing of the later one is made yet', async () => {
    expect(await takenUp(watch(), [first], at(third, 0, 0.1))).toEqual([first]);
  });

  it('is left to a worker that is between two parts, as it chooses it by itself', async () => {
    expect(await takenUp(watch(), [first], between)).toEqual([]);
  });

  it('replaces none that comes before it', async () => {
    expect(await takenUp(watch(), [second], at(first))).toEqual([]);
  });

  it('is not taken where its worker lives, or another one was quicker', async () => {
    expect(await takenUp(watch({ isFree: () => false }), [first], at(third))).toEqual([]);
  });

  it('is made beside the video where it is audio', async () => {
    expect(await takenUp(watch(), [audio], at(first))).toEqual([audio]);
    expect(await takenUp(watch({ isFree: (part) => part !== first }), [first, audio], at(third))).toEqual([
      audio,
    ]);
  });
});

it('a part of the video is taken up by a worker that has none left to begin', async () => {
  expect(await takenUp(watch(), [first], over)).toEqual([first]);
});

it('storage that does not answer stops nothing', async () => {
  const unwell = watch({
    isFree: (part) => {
      if (part === first) throw new Error('storage is unwell');
      return true;
    },
  });
  expect(await takenUp(unwell, [first, audio], at(third))).toEqual([audio]);
  expect(unwell.lines.map(({ msg }) => msg)).toEqual(['could not take up a lost part']);
});

it('a wait that ends takes nothing up', async () => {
  const { lost, taken } = watch();
  const stop = new AbortController();
  const next = lost.next(() => at(third), stop.signal);
  stop.abort();
  lost.consider([first], 0);
  expect(await next).toBeUndefined();
  expect(taken).toEqual([]);
});
