import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FilmProgress } from '../../../../worker/src/film/session/film-progress.ts';
import type { Part } from '../../../../worker/src/plan/plan.ts';
import type { PartRecord } from '../../../../worker/src/protocol/part-record.ts';
import { audioPart, shortPlan, videoParts } from '../../../helpers/media/plans.ts';

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

describe('the progress of a film', () => {
  it('does not take what others had recorded before for work of this run', () => {
    let seconds = 0;
    const progress = new FilmProgress(plan, () => seconds);
    seconds = 1;
    progress.onProgress(second, frames(100));
    progress.mergeRecorded([first.index]);
    expect(progress.now().speed).toBe(4);
    seconds = 2;
    progress.mergeRecorded([first.index, third.index]);
    expect(progress.now().speed).toBe(5);
  });

  it('adds the parts up: picture is 95 % of the work, sound 5 %', () => {
    const progress = new FilmProgress(plan, () => 0);
    expect(progress.now().percent).toBe(0);
    progress.onProgress(first, frames(300));
    expect(progress.now().percent).toBe(38);
    progress.onProgress(sound, heard(15));
    expect(progress.now().percent).toBe(40.5);
    progress.onProgress(second, frames(150));
    expect(progress.now().percent).toBe(59.5);
  });

  it('reports speed, frames per second and the time that is left from what this run has done', () => {
    let now = 100;
    const progress = new FilmProgress(plan, () => now);
    progress.mergeRecorded([first.index]);
    now = 104;
    progress.onProgress(second, frames(150));
    expect(progress.now()).toMatchObject({ framesPerSecond: 50, speed: 1.5, etaSeconds: 8 });
  });

  it('names when the film can be played early as long as that is expected', () => {
    const progress = new FilmProgress(plan, () => 0);
    expect(progress.now()).not.toHaveProperty('playableInSeconds');
    let playableInSeconds: number | undefined = 2.5;
    progress.expectStart(() => playableInSeconds);
    expect(progress.now()).toMatchObject({ playableInSeconds: 2.5 });
    playableInSeconds = undefined;
    expect(progress.now()).not.toHaveProperty('playableInSeconds');
  });

  it('knows no speed and no time left before anything was made', () => {
    const progress = new FilmProgress(plan, () => 5);
    progress.mergeRecorded([first.index]);
    expect(progress.now()).toEqual({
      percent: 38,
      framesPerSecond: 0,
      speed: 0,
      publishedBytes: 0,
      publishedSegments: 0,
      renditions: ['360p', '240p', 'audio-0'],
    });
  });

  it('counts what was published', () => {
    const progress = new FilmProgress(plan, () => 0);
    progress.onPublished(first, 1000);
    progress.onPublished(first, 500);
    expect(progress.now()).toMatchObject({ publishedBytes: 1500, publishedSegments: 2 });
  });

  it('goes by the sound where there is no picture', () => {
    const audioOnly = { ...plan, video: undefined, parts: [{ ...sound, index: 0 }] };
    const progress = new FilmProgress(audioOnly, () => 0);
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
        const progress = new FilmProgress(plan, () => 1);
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
  const half = { seconds: 6, framesPerSecond: 30, publishedBytes: 1000, publishedSegments: 2 };

  it('counts as this worker’s own does: parts that are recorded, and how far others are', () => {
    const progress = new FilmProgress(plan, () => 0);
    progress.mergeRecorded([first.index]);
    progress.mergePart(second.index, half);
    expect(progress.now().percent).toBe(57);
    expect([first, second, third].map(({ index }) => progress.ofPart(index).seconds)).toEqual([12, 6, 0]);
  });

  it('is summed over all; the rate of workers that are not known yet is taken for that of those that are', () => {
    const progress = new FilmProgress(plan, () => 0);
    progress.onProgress(first, frames(25));
    progress.onPublished(first, 500);
    progress.mergePart(second.index, half);
    progress.setPeers([second.index, third.index]);
    expect(progress.now()).toMatchObject({
      framesPerSecond: 50 + 2 * 30,
      publishedBytes: 1500,
      publishedSegments: 3,
    });
    progress.setPeers([]);
    expect(progress.now()).toMatchObject({ framesPerSecond: 50, publishedBytes: 1500 });
  });

  it('is what a record says, once there is one', () => {
    const progress = new FilmProgress(plan, () => 0);
    progress.mergePart(second.index, half);
    const segments = [1, 2, 3].map((number) => ({ number, startSeconds: 0, durationSeconds: 6, bytes: 700 }));
    const rendition = { name: '240p', codecs: 'avc1', frames: 25, initBytes: 800, segments };
    progress.mergeRecord({ ...recorded(second), renditions: [rendition] });
    expect(progress.now()).toMatchObject({ publishedBytes: 2100, publishedSegments: 3 });
    expect(progress.ofPart(second.index).seconds).toBe(12);
  });

  it('never takes back what was reported: not when a worker is lost, nor when its part is begun again', () => {
    const parts = [first, second, third, sound];
    const change = fc.oneof(
      fc.record({
        part: fc.constantFrom(...parts.map(({ index }) => index), 99),
        seconds: fc.double({ min: 0, max: 90, noNaN: true }),
      }),
      fc.constantFrom(...parts.map(({ index }) => index)),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const progress = new FilmProgress(plan, () => 1);
        let before = 0;
        for (const each of changes) {
          if (typeof each === 'number') progress.mergeRecorded([each]);
          else progress.mergePart(each.part, { ...half, seconds: each.seconds });
          const { percent } = progress.now();
          expect(percent).toBeGreaterThanOrEqual(before);
          expect(percent).toBeLessThan(100);
          before = percent;
        }
      }),
    );
  });
});
