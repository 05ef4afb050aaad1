import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinClips } from '../../../worker/src/plan/join.ts';
import type { ProbedClip } from '../../../worker/src/plan/place-clips.ts';
import type { AudioPart, Plan, VideoPart } from '../../../worker/src/plan/plan.ts';
import { audioStream, film, planRequest, videoStream } from '../../helpers/media/media.ts';

function clip(changes: Partial<ProbedClip> = {}): ProbedClip {
  return { source: 0, name: 'a.mp4', media: film(), ...changes };
}

const videoParts = ({ parts }: Plan) => parts.filter((part): part is VideoPart => part.kind === 'video');
const audioPart = ({ parts }: Plan) => parts.find((part): part is AudioPart => part.kind === 'audio');
const portrait = film({ video: videoStream({ width: 1080, height: 1920 }) });

describe('joinClips', () => {
  it('lays clips on one time line, each from a whole frame on', () => {
    const { clips, durationSeconds } = joinClips(
      [clip({ from: 2, to: 9.01 }), clip({ source: 1, from: 0.5, to: 1 }), clip({ from: 595 })],
      planRequest(),
    );
    expect(durationSeconds).toBe(12.52);
    expect(clips?.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])).toEqual([
      [0, 7],
      [7, 7.52],
      [7.52, 12.52],
    ]);
    // The film's zero in each source: what is at 2 s of the first source is at 0 s of the film.
    expect(clips?.map(({ zeroSeconds }) => zeroSeconds)).toEqual([2, -6.5, 587.48]);
    expect(clips?.map(({ toSourceEnd }) => toSourceEnd)).toEqual([false, false, true]);
  });

  it('makes no part of two clips, and numbers segments through', () => {
    const plan = joinClips([clip({ to: 130 }), clip({ from: 10, to: 15 })], planRequest());
    const parts = videoParts(plan);
    expect(parts.map(({ clip: n }) => n)).toEqual([0, 0, 1]);
    expect(parts.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])).toEqual([
      [0, 60],
      [60, 130],
      [130, 135],
    ]);
    expect(parts.map(({ firstSegment }) => firstSegment)).toEqual([0, 10, 22]);
    expect(audioPart(plan)?.segmentCuts.length).toBe(22);
  });

  it('has parts and segments without a gap, whatever the clips are', () => {
    const rates = [
      { num: 24, den: 1 },
      { num: 30000, den: 1001 },
      { num: 50, den: 1 },
    ];
    const anyClip = fc.record({
      from: fc.double({ min: 0, max: 500, noNaN: true }),
      length: fc.double({ min: 0.01, max: 90, noNaN: true }),
      rate: fc.constantFrom(...rates),
    });
    fc.assert(
      fc.property(fc.array(anyClip, { minLength: 1, maxLength: 50 }), (wanted) => {
        const probed = wanted.map(({ from, length, rate }, source) => {
          const media = film({ video: videoStream({ frameRate: rate }) });
          return clip({ source, media, from, to: from + length });
        });
        const plan = joinClips(probed, planRequest());
        const { num, den } = plan.video?.frameRate ?? { num: 1, den: 1 };
        const parts = videoParts(plan);
        let [end, segment] = [0, 0];
        for (const { startSeconds, endSeconds = -1, firstSegment, segmentCuts } of parts) {
          expect([startSeconds, firstSegment]).toEqual([end, segment]);
          for (const cut of segmentCuts) expect(cut > startSeconds && cut < endSeconds).toBe(true);
          [end, segment] = [endSeconds, segment + segmentCuts.length + 1];
        }
        expect(end).toBe(plan.durationSeconds);
        for (const { startSeconds, endSeconds } of plan.clips ?? []) {
          const frames = (startSeconds * num) / den;
          expect(Math.abs(frames - Math.round(frames))).toBeLessThan(1e-6);
          expect(endSeconds).toBeGreaterThan(startSeconds);
        }
        const cuts = [0, ...(audioPart(plan)?.segmentCuts ?? []), plan.durationSeconds];
        if (cuts.length > 2)
          cuts.slice(1).forEach((cut, n) => {
            expect(cut - (cuts[n] ?? 0)).toBeGreaterThanOrEqual(1 - 1e-9);
          });
      }),
      { numRuns: 60 },
    );
  });

  it.each<[what: string, rates: [number, number][], wanted: [number, number]]>([
    [
      'the highest rate',
      [
        [24, 1],
        [50, 1],
        [25, 1],
      ],
      [50, 1],
    ],
    [
      'the first rate where another is hardly higher',
      [
        [30000, 1001],
        [30, 1],
      ],
      [30000, 1001],
    ],
    [
      '60 frames at most',
      [
        [25, 1],
        [120, 1],
      ],
      [60, 1],
    ],
  ])('takes %s', (_, rates, [num, den]) => {
    const clips = rates.map(([rate, divisor]) =>
      clip({ media: film({ video: videoStream({ frameRate: { num: rate, den: divisor } }) }), to: 4 }),
    );
    expect(joinClips(clips, planRequest()).video?.frameRate).toEqual({ num, den });
  });

  it('fits clips of another shape into the first one, with bars or cropped', () => {
    const clips = [clip(), clip({ source: 1, media: portrait })];
    const fitOf = (fit: 'pad' | 'crop') =>
      joinClips(clips, planRequest({ fit })).clips?.map(({ video }) => video?.fit);
    const whole = { width: 1920, height: 1080 };
    expect(fitOf('pad')).toEqual([
      whole,
      { width: 608, height: 1080, filter: 'pad=w=1920:h=1080:x=656:y=0:color=black' },
    ]);
    expect(fitOf('crop')).toEqual([
      whole,
      { width: 1920, height: 3414, filter: 'crop=w=1920:h=1080:x=0:y=1168' },
    ]);
  });

  it('fits clips on the CPU where NVENC encodes', () => {
    const nvenc = { name: 'nvenc' as const, preset: 'p5' };
    expect(joinClips([clip()], planRequest({}, { encoder: nvenc })).video?.path).toBe('upload');
  });

  it('keeps the tracks of one source, and makes one track of several', () => {
    const german = audioStream({ index: 2, language: 'de', default: false });
    const media = film({ audio: [audioStream({ language: 'en' }), german] });
    const names = (clips: ProbedClip[]) => joinClips(clips, planRequest()).audio.map(({ name }) => name);
    expect(names([clip({ media, to: 4 }), clip({ media, from: 9 })])).toEqual(['audio-0-en', 'audio-1-de']);
    expect(names([clip({ media }), clip({ source: 1, media })])).toEqual(['audio-0-en']);
    expect(names([clip({ media }), clip({ source: 1 })])).toEqual(['audio-0']);
    const silent = film({ audio: [] });
    expect(names([clip({ media: silent }), clip({ source: 1, media: silent })])).toEqual([]);
    const joined = joinClips([clip({ media: silent }), clip({ source: 1 })], planRequest());
    expect(joined.clips?.map(({ audio }) => audio)).toEqual([[null], [{ streamIndexes: [1], prepare: [] }]]);
  });

  it('is another film when a source is another, or the order', () => {
    const [a, b] = [clip({ to: 4 }), clip({ source: 1, to: 5 })];
    const idOf = (clips: ProbedClip[], sourceVersion = 'v') =>
      joinClips(clips, planRequest({}, { sourceVersion })).id;
    const ids = [idOf([a, b]), idOf([b, a]), idOf([a, b], 'w'), idOf([a])];
    expect(new Set(ids).size).toBe(4);
    expect(idOf([a, b])).toBe(ids[0]);
  });

  it.each<[what: string, clips: ProbedClip[], code: string, words: string]>([
    [
      'begins after its end',
      [clip(), clip({ name: 'b.mp4', from: 600 })],
      'clip-range',
      'Clip 2 ("b.mp4") begins at 600 s',
    ],
    [
      'ends after its end',
      [clip({ to: 601 })],
      'clip-range',
      'Clip 1 ("a.mp4") is to end at 601 s, and its film ends at 600.00 s',
    ],
    [
      'has no picture',
      [clip(), clip({ media: film({ video: undefined }) })],
      'no-video',
      'Clip 2 ("a.mp4") has no picture',
    ],
  ])('refuses by name a clip that %s', (_, clips, code, words) => {
    expect(() => joinClips(clips, planRequest())).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });
});
