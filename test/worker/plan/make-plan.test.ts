import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../../worker/src/errors.ts';
import { encoderQuality } from '../../../worker/src/plan/encoder-quality.ts';
import type { Encoding } from '../../../worker/src/plan/encoding.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import type { AudioStream, Media } from '../../../worker/src/probe/media.ts';
import { audioStream, film, planRequest, readMedia, videoStream } from '../../helpers/media/media.ts';

const clips = [
  'plain.mp4',
  'silent.mp4',
  'sound-only.m4a',
  'turned-90.mp4',
  'anamorphic.mp4',
  'variable-rate.mp4',
  'hdr-smpte2084.mp4',
  'interlaced.mp4',
  'odd-size.mp4',
  'six-channels-unknown.mkv',
  'languages.mp4',
  'starts-at-10.ts',
  'edit-list.mp4',
];

describe('makePlan', () => {
  it('decides everything about a plain film', () => {
    const plan = makePlan(film(), planRequest());
    expect(plan).toMatchObject({
      sourceVersion: '"etag"',
      durationSeconds: 600,
      zeroSeconds: 0,
      segmentSeconds: 6,
      segmentFormat: 'fmp4',
      video: {
        streamIndex: 0,
        durationSeconds: 600,
        encoder: { name: 'x264', preset: 'veryfast' },
        path: 'cpu',
        prepare: [],
        timing: 'source',
        frameRate: { num: 25, den: 1 },
        gopSeconds: 2,
        posterSeconds: 60,
      },
      audio: [{ name: 'audio-0' }],
      warnings: [],
    });
    expect(plan.video?.renditions[0]).toEqual({
      name: '1080p',
      width: 1920,
      height: 1080,
      quality: encoderQuality({ name: 'x264', preset: 'veryfast' }, 'standard'),
      bitrate: 6_000_000,
      bufferSize: 18_000_000,
      profile: 'high',
      level: '4.0',
    });
    expect(plan.parts.map((part) => part.kind)).toEqual([...Array(10).fill('video'), 'audio']);
  });

  describe('of a long film', () => {
    const cadence = { packetSamples: 1024, offsetSamples: 100 };
    const long = (changes: Partial<AudioStream>, media: Partial<Media> = {}) =>
      makePlan(
        film({
          durationSeconds: 7200,
          startSeconds: 1,
          video: videoStream({ startSeconds: 1, durationSeconds: 7200 }),
          audio: [audioStream({ startSeconds: 1, durationSeconds: 7200, ...changes })],
          ...media,
        }),
        planRequest(),
      );
    const audioParts = (plan: Plan) => plan.parts.filter(({ kind }) => kind === 'audio').length;

    it('cuts the audio where its samples have a known place', () => {
      const plan = long({ cadence });
      expect(audioParts(plan)).toBe(12);
      // 48,000 samples are 46 packets and 896 samples.
      expect(plan.audio[0]?.grid).toEqual({ sampleRate: 48000, packetSamples: 1024, offsetSamples: 228 });
    });

    it.each([
      ['a track whose packets follow no grid', long({})],
      ['no index', long({ cadence }, { indexed: false })],
      ['a clock that jumps', long({ cadence }, { clock: [] })],
      [
        'a second track that cannot be cut',
        long({}, { audio: [audioStream({ cadence }), audioStream({ index: 2 })] }),
      ],
    ])('leaves the audio in one part with %s', (_, plan) => {
      expect(audioParts(plan)).toBe(1);
      expect(plan.audio.every(({ grid }) => grid === undefined)).toBe(true);
    });
  });

  it.each(clips)('makes the same plan of %s twice', (clip) => {
    const [first, second] = [1, 2].map(() => makePlan(readMedia(clip), planRequest()));
    expect(second).toEqual(first);
    expect(first?.id).toMatch(/^[0-9a-f]{12}$/);
  });

  it("turns the picture's shape with it", () => {
    expect(makePlan(readMedia('turned-90.mp4'), planRequest()).video?.renditions).toMatchObject([
      { name: '240p', width: 180, height: 320 },
    ]);
  });

  it('makes pixels square', () => {
    expect(makePlan(readMedia('anamorphic.mp4'), planRequest()).video?.renditions).toMatchObject([
      { name: '240p', width: 426, height: 180 },
    ]);
  });

  it('plans sound alone without picture', () => {
    const plan = makePlan(readMedia('sound-only.m4a'), planRequest());
    expect(plan.video).toBeUndefined();
    expect(plan.parts).toEqual([{ kind: 'audio', index: 0, firstSegment: 0, segmentCuts: [] }]);
  });

  it('plans a picture without sound', () => {
    const plan = makePlan(readMedia('silent.mp4'), planRequest());
    expect(plan.audio).toEqual([]);
    expect(plan.parts).toHaveLength(1);
  });

  it('lasts as long as the longer of picture and sound', () => {
    expect(makePlan(readMedia('longer-sound.mkv'), planRequest())).toMatchObject({
      durationSeconds: 2,
      video: { durationSeconds: 1 },
      audio: [{ durationSeconds: 2 }],
    });
  });

  it.each<[Encoding['thumbnailAt'], number]>([
    ['10%', 60],
    ['0%', 0],
    ['100%', 599.92],
    ['12.5%', 75],
    [30, 30],
    [0, 0],
    [1e6, 599.92],
  ])('takes the poster at %s, inside the film', (thumbnailAt, seconds) => {
    expect(makePlan(film(), planRequest({ thumbnailAt })).video?.posterSeconds).toBe(seconds);
  });

  it('takes the poster of a film of one frame from that frame', () => {
    const media = film({ video: videoStream({ durationSeconds: 0.04 }), audio: [] });
    expect(makePlan(media, planRequest({ thumbnailAt: '100%' })).video?.posterSeconds).toBe(0);
  });

  it('keeps the size of a film of 480 lines, whatever was asked for', () => {
    const media = film({ video: videoStream({ width: 854, height: 480 }) });
    for (const include480p of [false, true])
      expect(makePlan(media, planRequest({ include480p }))).toMatchObject({
        warnings: [],
        video: {
          renditions: [{ name: '480p', width: 854, height: 480 }, { name: '360p' }, { name: '240p' }],
        },
      });
  });

  it('says what the probe left out', () => {
    const leftOut = ["audio stream 2 (ac4) can't be decoded"];
    expect(makePlan(film({ leftOut }), planRequest()).warnings).toEqual(leftOut);
  });

  it('leaves out the rungs of a tall film that are too narrow for NVENC, and keeps them for x264', () => {
    const tall = film({ video: videoStream({ width: 480, height: 1920 }) });
    const nvenc = planRequest({}, { encoder: { name: 'nvenc', preset: 'p5' } });
    const widths = (request = planRequest()) =>
      makePlan(tall, request).video?.renditions.map(({ width }) => width) ?? [];
    expect(Math.min(...widths())).toBeLessThan(146);
    expect(Math.min(...widths(nvenc))).toBeGreaterThanOrEqual(146);
    expect(widths(nvenc)).toEqual(widths().filter((width) => width >= 146));
  });

  it('refuses what NVENC cannot encode, with the way out', () => {
    const tiny = film({ video: videoStream({ width: 64, height: 36 }) });
    const request = planRequest({}, { encoder: { name: 'nvenc', preset: 'p5' } });
    expect(() => makePlan(tiny, request)).toThrow(
      new RefusedError(
        'too-small',
        'The picture is 64x36; NVENC encodes none smaller than 146x50. Use a farm with the x264 encoder.',
      ),
    );
    expect(() => makePlan(tiny, planRequest())).not.toThrow();
  });
});

describe('the id of a plan', () => {
  const id = (...args: Parameters<typeof planRequest>) => makePlan(film(), planRequest(...args)).id;

  it('is another for another version of film or ffmpeg, setting, encoder or forced request', () => {
    const ids = [
      id(),
      id({ segmentSeconds: 4 }),
      id({ segmentFormat: 'mpegts' }),
      id({ include480p: true }),
      id({ ladder: 'mobile' }),
      id({ thumbnailAt: 5 }),
      id({ partSeconds: 30 }),
      id({}, { sourceVersion: '"other"' }),
      id({}, { encoder: { name: 'x264', preset: 'fast' } }),
      id({}, { encoder: { name: 'nvenc', preset: 'p5' } }),
      id({}, { software: 'ffmpeg 8.0' }),
      id({}, { forceRequestId: 'one' }),
      id({}, { forceRequestId: 'two' }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is the same for settings that change nothing about the film', () => {
    expect(id({ thumbnailAt: 60 })).toBe(id({ thumbnailAt: '10%' }));
    expect(id({ partSeconds: 60 })).toBe(id());
    expect(id({ partSeconds: undefined })).toBe(id());
  });
});

describe('every plan', () => {
  const video = fc.record({
    width: fc.integer({ min: 2, max: 8192 }),
    height: fc.integer({ min: 2, max: 8192 }),
    pixelAspect: fc.record({ num: fc.integer({ min: 1, max: 64 }), den: fc.integer({ min: 1, max: 64 }) }),
    rotation: fc.constantFrom(0 as const, 90 as const, 180 as const, 270 as const),
    frameRate: fc.record({ num: fc.integer({ min: 1, max: 240_000 }), den: fc.constantFrom(1, 1000, 1001) }),
    variableFrameRate: fc.boolean(),
    interlaced: fc.boolean(),
    startSeconds: fc.double({ min: 0, max: 20, noNaN: true }),
    durationSeconds: fc.double({ min: 0.02, max: 20_000, noNaN: true }),
  });
  const options = fc.record({
    include480p: fc.boolean(),
    segmentSeconds: fc.integer({ min: 1, max: 30 }),
    partSeconds: fc.option(fc.integer({ min: 2, max: 3600 }), { nil: undefined }),
    thumbnailAt: fc.oneof(fc.constantFrom('0%', '10%', '100%'), fc.double({ min: 0, max: 1e5, noNaN: true })),
  });

  it('is whole and consistent, whatever the film and the settings', () => {
    fc.assert(
      fc.property(video, options, fc.boolean(), (stream, encoding, withSound) => {
        const { startSeconds } = stream;
        const media = film({
          video: videoStream(stream),
          audio: withSound ? [audioStream({ startSeconds })] : [],
          startSeconds,
        });
        const plan: Plan = makePlan(media, planRequest(encoding));
        expect(JSON.parse(JSON.stringify(plan))).toEqual(
          JSON.parse(JSON.stringify(makePlan(media, planRequest(encoding)))),
        );
        const { video: planned } = plan;
        if (!planned) throw new Error('a film with picture has a plan for it');
        expect(planned.renditions.length).toBeGreaterThan(0);
        expect(planned.frameRate.num / planned.frameRate.den).toBeLessThanOrEqual(60 + 1e-6);
        expect(planned.posterSeconds).toBeGreaterThanOrEqual(0);
        const frame = planned.frameRate.den / planned.frameRate.num;
        expect(planned.posterSeconds).toBeLessThanOrEqual(Math.max(0, planned.durationSeconds - frame));
        expect(plan.parts.map((part) => part.index)).toEqual(plan.parts.map((_, n) => n));
        expect(plan.parts.filter((part) => part.kind === 'audio')).toHaveLength(withSound ? 1 : 0);
        for (const rung of planned.renditions) {
          expect(rung.bitrate).toBeGreaterThan(0);
          expect(rung.bufferSize).toBeLessThanOrEqual(4 * rung.bitrate);
        }
      }),
    );
  });
});
