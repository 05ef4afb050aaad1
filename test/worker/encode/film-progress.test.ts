import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFilmProgress } from '../../../worker/src/encode/film-progress.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import type { PartRecord } from '../../../worker/src/publish/record.ts';
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
    const soundOnly = { ...plan, video: undefined, parts: [{ ...sound, index: 0 }] };
    const progress = createFilmProgress(soundOnly, [], () => 0);
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
