import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFilmProgress } from '../../../worker/src/film/film-progress.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import type { SeenHand } from '../../../worker/src/protocol/hand.ts';
import type { PartRecord } from '../../../worker/src/protocol/part-record.ts';
import { seenHand } from '../../helpers/crews.ts';
import { audioPart, shortPlan, videoParts } from '../../helpers/plans.ts';

/** 12 s, 12 s and 6 s of picture at 25 frames per second, 30 s of sound. */
const plan = shortPlan();
const [first, second, third] = videoParts(plan) as [Part, Part, Part];
const sound = audioPart(plan);

const frames = (count: number) => ({
  frames: count,
  framesPerSecond: 50,
  outSeconds: count / 25,
  ended: false,
});
const heard = (seconds: number) => ({ frames: 0, framesPerSecond: 0, outSeconds: seconds, ended: false });

function recorded(part: Part): PartRecord {
  return {
    version: 1,
    part: part.index,
    renditions: [],
    endSeconds: 12,
    sheets: [],
    warnings: [],
    encodeSeconds: 9,
  };
}

describe('createFilmProgress', () => {
  it('adds the parts up: picture is 95 % of the work, sound 5 %', () => {
    const progress = createFilmProgress(plan, [], () => 0);
    expect(progress.now().percent).toBe(0);
    progress.onProgress(first, frames(300));
    expect(progress.now().percent).toBe(38);
    progress.onProgress(sound, heard(15));
    expect(progress.now().percent).toBe(40.5);
    progress.onProgress(second, frames(150));
    expect(progress.now().percent).toBe(59.5);
  });

  it('tells speed, frames per second and the time that is left from what this run has done', () => {
    let now = 100;
    const progress = createFilmProgress(plan, [recorded(first)], () => now);
    now = 104;
    progress.onProgress(second, frames(150));
    expect(progress.now()).toMatchObject({ framesPerSecond: 50, speed: 1.5, etaSeconds: 8 });
  });

  it('knows no speed and no time left before anything was made', () => {
    expect(createFilmProgress(plan, [recorded(first)], () => 5).now()).toEqual({
      percent: 38,
      framesPerSecond: 0,
      speed: 0,
      publishedBytes: 0,
      publishedSegments: 0,
      renditions: ['360p', '240p', 'audio-0'],
    });
  });

  it('counts what was published', () => {
    const progress = createFilmProgress(plan, [], () => 0);
    progress.onPublished(1000);
    progress.onPublished(500);
    expect(progress.now()).toMatchObject({ publishedBytes: 1500, publishedSegments: 2 });
  });

  it('goes by the sound where there is no picture', () => {
    const audioOnly = { ...plan, video: undefined, parts: [{ ...sound, index: 0 }] };
    const progress = createFilmProgress(audioOnly, [], () => 0);
    progress.onProgress({ ...sound, index: 0 }, heard(15));
    expect(progress.now().percent).toBe(50);
  });

  it('never goes back and never says 100 % before the end, whatever ffmpeg reports', () => {
    const report = fc.record({
      part: fc.constantFrom(first, second, third, sound),
      progress: fc.record({
        frames: fc.integer({ min: 0, max: 2000 }),
        framesPerSecond: fc.float({ min: 0, max: 900, noNaN: true }),
        outSeconds: fc.option(fc.float({ min: -1, max: 90, noNaN: true }), { nil: undefined }),
        ended: fc.boolean(),
      }),
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 40 }), (reports) => {
        const progress = createFilmProgress(plan, [], () => 1);
        let before = 0;
        for (const { part, progress: said } of reports) {
          progress.onProgress(part, said);
          const { percent } = progress.now();
          expect(percent).toBeGreaterThanOrEqual(before);
          expect(percent).toBeLessThan(100);
          before = percent;
        }
      }),
    );
  });
});

describe('what other workers have done', () => {
  const hand = (changes: Partial<SeenHand> = {}) =>
    seenHand({ framesPerSecond: 30, publishedBytes: 1000, publishedSegments: 2, ...changes });

  it('counts as this worker’s own does: parts that are recorded, and how far those in hand are', () => {
    const progress = createFilmProgress(plan, [], () => 0);
    const others = [hand({ parts: [{ part: second.index, seconds: 6 }] })];
    progress.merge({ records: [recorded(first)], others });
    expect(progress.now().percent).toBe(57);
    expect([first, second, third].map(({ index }) => progress.made(index))).toEqual([12, 6, 0]);
  });

  it('is summed over all; who has left counts with what was published, and not with frames per second', () => {
    const progress = createFilmProgress(plan, [], () => 0);
    progress.onProgress(first, frames(25));
    progress.onPublished(500);
    const gone = [hand({ atWork: false }), hand({ fresh: false })];
    progress.merge({ records: [], others: [hand(), hand(), ...gone] });
    expect(progress.now()).toMatchObject({
      framesPerSecond: 110,
      publishedBytes: 4500,
      publishedSegments: 9,
    });
    expect(progress.sums()).toEqual({ framesPerSecond: 50, publishedBytes: 500, publishedSegments: 1 });
  });

  it('is not counted twice, however often it is seen', () => {
    const progress = createFilmProgress(plan, [], () => 0);
    const view = { records: [recorded(first)], others: [hand()] };
    for (const _ of [1, 2, 3]) progress.merge(view);
    expect(progress.now()).toMatchObject({ percent: 38, publishedBytes: 1000, framesPerSecond: 30 });
  });

  it('never takes back what was told: not when a worker is lost, nor when its part is begun anew', () => {
    const parts = [first, second, third, sound];
    const anyHand = fc
      .record({
        parts: fc.array(
          fc.record({
            part: fc.constantFrom(...parts.map(({ index }) => index), 99),
            seconds: fc.float({ min: 0, max: 90, noNaN: true }),
          }),
          { maxLength: 3 },
        ),
        fresh: fc.boolean(),
        atWork: fc.boolean(),
      })
      .map((changes) => hand(changes));
    const anyView = fc.record({
      records: fc.subarray(parts).map((done) => done.map(recorded)),
      others: fc.array(anyHand, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(anyView, { maxLength: 10 }), (views) => {
        const progress = createFilmProgress(plan, [], () => 1);
        let before = 0;
        for (const view of views) {
          progress.merge(view);
          const { percent } = progress.now();
          expect(percent).toBeGreaterThanOrEqual(before);
          expect(percent).toBeLessThanOrEqual(100);
          before = percent;
        }
      }),
    );
  });
});
