import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOf, filmZero, gopLength, planTiming } from '../../../worker/src/plan/frame-timing.ts';
import type { VideoStream } from '../../../worker/src/probe/media.ts';
import { audioStream, film, readMedia, videoStream } from '../../helpers/media/media.ts';

const mp4 = { format: 'mov,mp4,m4a,3gp,3g2,mj2', startSeconds: 0 };

describe('planTiming', () => {
  const rates: [num: number, den: number, planned: { num: number; den: number }, timing: string][] = [
    [25, 1, { num: 25, den: 1 }, 'source'],
    [30000, 1001, { num: 30000, den: 1001 }, 'source'],
    [60, 1, { num: 60, den: 1 }, 'source'],
    [120, 1, { num: 60, den: 1 }, 'constant'],
    [120000, 1001, { num: 60000, den: 1001 }, 'constant'],
    [100, 1, { num: 50, den: 1 }, 'constant'],
    [90, 1, { num: 45, den: 1 }, 'constant'],
    [144, 1, { num: 48, den: 1 }, 'constant'],
    [240, 1, { num: 60, den: 1 }, 'constant'],
    [1, 1, { num: 1, den: 1 }, 'source'],
    [1, 10, { num: 1, den: 1 }, 'constant'],
  ];
  it.each(rates)('plans %d/%d frames per second', (num, den, frameRate, timing) => {
    expect(planTiming(mp4, videoStream({ frameRate: { num, den } }), 'fields')).toEqual({
      frameRate,
      timing,
    });
  });

  it.each<[what: string, video: Partial<VideoStream>]>([
    ['a variable rate', { variableFrameRate: true }],
    ['rounded timestamps', { roundedTimestamps: true }],
    ['a picture that comes a second after the sound', { startSeconds: 1 }],
  ])('puts %s on a grid', (_, changes) => {
    expect(planTiming(mp4, videoStream(changes), 'fields').timing).toBe('constant');
  });

  it.each(['matroska,webm', 'mpegts', 'avi', 'flv', 'mpeg'])(
    'puts films in %s on a grid, as their header lists no times of frames',
    (format) => {
      expect(planTiming({ ...mp4, format }, videoStream(), 'fields').timing).toBe('constant');
    },
  );

  it.each([
    [25, 1, 'fields', 50, 1],
    [30000, 1001, 'fields', 60000, 1001],
    [25, 1, 'frames', 25, 1],
    // Twice as many are more than may be shown.
    [50, 1, 'fields', 50, 1],
  ] as const)('shows %d/%d interlaced frames by %s as %d/%d', (num, den, deinterlace, shown, per) => {
    const video = videoStream({ interlaced: true, frameRate: { num, den } });
    expect(planTiming(mp4, video, deinterlace)).toEqual({
      frameRate: { num: shown, den: per },
      timing: shown === num ? 'source' : 'constant',
    });
  });

  it("is never above 60 and divides the film's own rate", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 240_000 }), fc.constantFrom(1, 1000, 1001), (num, den) => {
        const { frameRate } = planTiming(mp4, videoStream({ frameRate: { num, den } }), 'fields');
        expect(frameRate.num / frameRate.den).toBeLessThanOrEqual(60 + 1e-6);
        if (num / den >= 1) {
          const every = num / den / (frameRate.num / frameRate.den);
          expect(Math.abs(every - Math.round(every))).toBeLessThan(1e-9);
        }
      }),
    );
  });
});

describe('filmZero', () => {
  it.each([
    ['starts with everything', film(), 0],
    ['has its picture a little later', film({ video: videoStream({ startSeconds: 0.083333 }) }), 0.083333],
    ['has its picture much later', film({ video: videoStream({ startSeconds: 2 }) }), 0],
    ['starts at ten', film({ startSeconds: 9.979, video: videoStream({ startSeconds: 10 }) }), 10],
    [
      'starts at ten with its picture much later',
      film({ startSeconds: 10, video: videoStream({ startSeconds: 12 }) }),
      10,
    ],
    [
      'is sound alone',
      film({ video: undefined, startSeconds: 1, audio: [audioStream({ startSeconds: 1.5 })] }),
      1.5,
    ],
  ])('of a film that %s is at %d', (_, media, zero) => {
    expect(filmZero(media)).toBe(zero);
  });

  it.each([
    ['starts-at-10.ts', 11.4, 2, 1.898667],
    ['starts-at-10.mkv', 10, 2, 2],
    ['longer-sound.mkv', 0.023, 1, 2],
    ['edit-list.mp4', 0, 1.3, 1.3],
  ])('of %s is its first picture, from which both ends are counted', (clip, expected, videoEnd, soundEnd) => {
    const media = readMedia(clip);
    const zero = filmZero(media);
    expect(zero).toBe(expected);
    expect(media.video && endOf(media.video, zero)).toBe(videoEnd);
    expect(media.audio[0] && endOf(media.audio[0], zero)).toBe(soundEnd);
  });
});

describe('gopLength', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 1.5],
    [4, 2],
    [5, 1.25],
    [6, 2],
    [7, 1.75],
    [10, 2],
    [30, 2],
  ])('divides segments of %d s into groups of %d s', (segment, gop) => {
    expect(gopLength(segment)).toBe(gop);
  });

  it('is at most 2 s, divides the segment and is a whole number of milliseconds', () => {
    for (let segment = 1; segment <= 30; segment++) {
      const gop = gopLength(segment);
      expect(gop).toBeLessThanOrEqual(2);
      expect(gop).toBeGreaterThanOrEqual(0.5);
      expect(Number.isInteger(segment / gop)).toBe(true);
      expect(Number.isInteger(gop * 1000)).toBe(true);
    }
  });
});
