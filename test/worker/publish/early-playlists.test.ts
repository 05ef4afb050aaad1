import fc from 'fast-check';
import type { types } from 'hls-parser';
import * as hls from 'hls-parser';
import { describe, expect, it } from 'vitest';
import type { Part, Plan } from '../../../worker/src/plan/plan.ts';
import { mayOffer, pacedSeconds, reserveSegments } from '../../../worker/src/publish/early-pace.ts';
import {
  earlyMediaPlaylist,
  earlyMultivariantPlaylist,
  earlyTarget,
  endEarlyPlaylist,
  joinEarly,
  type MadePart,
  prefixSeconds,
  readEarlyPlaylist,
  segmentsUpTo,
} from '../../../worker/src/publish/early-playlists.ts';
import { mediaPlaylist } from '../../../worker/src/publish/media-playlist.ts';
import { shortPlan } from '../../helpers/media/plans.ts';
import { planOf, recordsOf } from '../../helpers/media/published.ts';

/** 30 s in parts of 12, 12 and 6 s: segments of 6 s, two, two and one. */
const plan = shortPlan();
const target = earlyTarget(plan);

/** A part of which so many segments are published. */
function made(part: Part, count: number, { isRecorded = false, seconds = 6 } = {}): [number, MadePart] {
  const names = part.kind === 'audio' ? plan.audio : plan.video.renditions;
  const codecs = part.kind === 'audio' ? 'mp4a.40.2' : 'avc1.64001f';
  const durations = Array.from({ length: count }, () => seconds);
  const renditions = names.map(({ name }) => ({ name, codecs, startSeconds: 0, durations }));
  return [part.index, { isRecorded, renditions }];
}
const [first, second, third] = plan.parts.filter(({ kind }) => kind === 'video') as [Part, Part, Part];
const audio = plan.parts.find(({ kind }) => kind === 'audio') as Part;
const join = (...parts: [number, MadePart][]) => joinEarly(plan, new Map(parts), target);
const countsOf = (...parts: [number, MadePart][]) =>
  join(...parts).map(({ durations, isWhole }) => [durations.length, isWhole]);

describe('what of a film is there', () => {
  it('is a prefix without a gap, of recorded parts and of the first one that is not', () => {
    const pictures = plan.video.renditions.length;
    expect(countsOf(made(first, 1), made(third, 1))).toEqual([
      ...Array(pictures).fill([1, false]),
      [0, false],
    ]);
    const recorded = made(first, 2, { isRecorded: true });
    expect(countsOf(recorded, made(second, 1))[0]).toEqual([3, false]);
    expect(countsOf(recorded, made(third, 1, { isRecorded: true }))[0]).toEqual([2, false]);
    expect(
      countsOf(recorded, made(second, 2, { isRecorded: true }), made(third, 1, { isRecorded: true }))[0],
    ).toEqual([5, true]);
  });

  it('goes as far as all renditions do', () => {
    expect(prefixSeconds(plan, join(made(first, 2)))).toBe(0);
    expect(prefixSeconds(plan, join(made(first, 2), made(audio, 1)))).toBe(6);
    expect(prefixSeconds(plan, join(made(first, 1), made(audio, 4)))).toBe(6);
  });

  it('is not held back by audio that ends before the picture', () => {
    const short: Plan = { ...plan, audio: plan.audio.map((each) => ({ ...each, durationSeconds: 6.5 })) };
    const parts = new Map([made(first, 2, { isRecorded: true }), made(second, 1), made(audio, 1)]);
    expect(prefixSeconds(short, joinEarly(short, parts, target))).toBe(18);
  });

  it('ends before a segment that is longer than the playlist may have', () => {
    const long = made(first, 2, { seconds: target + 0.6 });
    expect(join(long)[0]).toMatchObject({ durations: [], isWhole: false });
  });
});

describe('the playlist of a rendition', () => {
  const [rendition] = join(made(first, 2, { isRecorded: true }), made(second, 2));
  if (rendition === undefined) throw new Error('This film was to have a picture.');

  it('lists segments of the finished film, and only grows', () => {
    const texts = [1, 2, 3, 4].map((count) =>
      earlyMediaPlaylist(plan, rendition, { count, targetSeconds: target }),
    );
    for (const [n, text] of texts.entries()) {
      expect(text.startsWith(texts[n - 1] ?? '#EXTM3U')).toBe(true);
      const parsed = hls.parse(text) as types.MediaPlaylist;
      expect(parsed).toMatchObject({ playlistType: 'EVENT', targetDuration: 6, endlist: false });
      expect(parsed.segments).toHaveLength(n + 1);
      expect(parsed.segments[0]).toMatchObject({
        uri: `../${rendition.name}/00000.m4s`,
        map: { uri: `../${rendition.name}/init.mp4` },
      });
    }
    expect(readEarlyPlaylist(texts[2] ?? '')).toEqual({ durations: [6, 6, 6], isEnded: false });
  });

  it('lists audio and picture up to the same place, whose ends differ by less than a frame', () => {
    expect(segmentsUpTo({ durations: [6.006, 6.006] }, 6)).toBe(1);
    expect(segmentsUpTo({ durations: [5.994, 5.994, 5.994] }, 12)).toBe(2);
    expect(segmentsUpTo({ durations: [6] }, 60)).toBe(1);
  });

  it('ends with all that the published film lists, and keeps what it said', () => {
    const film = planOf();
    const pieces = [6.006, 6.006, 4.2].map((seconds) => ({ seconds, bytes: 1000 }));
    const published = mediaPlaylist(film, '720p', recordsOf(film, pieces));
    const early = earlyMediaPlaylist(
      film,
      { name: '720p', durations: [6.006, 6.006], isWhole: false },
      { count: 2, targetSeconds: 7 },
    );
    const ended = endEarlyPlaylist(early, '720p', published);
    expect(ended.startsWith(early)).toBe(true);
    const parsed = hls.parse(ended) as types.MediaPlaylist;
    expect(parsed).toMatchObject({ playlistType: 'EVENT', targetDuration: 7, endlist: true });
    expect(parsed.segments.map(({ uri, duration }) => [uri, duration])).toEqual([
      ['../720p/00000.m4s', 6.006],
      ['../720p/00001.m4s', 6.006],
      ['../720p/00002.m4s', 4.2],
    ]);
    expect(readEarlyPlaylist(ended).isEnded).toBe(true);
  });
});

it('the multivariant playlist begins at the film’s start, and declares the most that the encoders may make', () => {
  const text = earlyMultivariantPlaylist(plan, join(made(first, 1), made(audio, 1)));
  const parsed = hls.parse(text) as types.MasterPlaylist;
  expect(parsed.start).toMatchObject({ offset: 0 });
  expect(parsed.variants).toHaveLength(plan.video.renditions.length);
  for (const { uri, bandwidth, codecs, audio: tracks } of parsed.variants) {
    const rendition = plan.video.renditions.find(({ name }) => uri === `${name}.m3u8`);
    expect(bandwidth).toBeGreaterThan((rendition?.bitrate ?? 0) + (plan.audio[0]?.bitrate ?? 0));
    expect(codecs).toBe('avc1.64001f,mp4a.40.2');
    expect(tracks[0]?.uri).toBe(`${plan.audio[0]?.name}.m3u8`);
  }
});

describe('when playing may begin', () => {
  const offer = (prefixSeconds: number, elapsedSeconds: number) =>
    mayOffer({ prefixSeconds, grownSeconds: prefixSeconds, elapsedSeconds, segmentSeconds: 6 });

  it('is with the first segment where the film is made clearly faster than it plays', () => {
    expect(offer(0, 0)).toBe(false);
    expect(offer(6, 1)).toBe(true);
    expect(offer(5.8, 2.9)).toBe(true);
  });

  it('is with the second where there is less to spare', () => {
    expect([6, 12].map((seconds) => offer(seconds, seconds / 1.12))).toEqual([false, true]);
  });

  it('is with the first segment only where the second is there in time for a page that looks every half second', () => {
    const short = { prefixSeconds: 4, grownSeconds: 4, segmentSeconds: 4 };
    expect(mayOffer({ ...short, elapsedSeconds: 3.3 })).toBe(false);
    expect(mayOffer({ ...short, elapsedSeconds: 3.2 })).toBe(true);
  });

  it('is with the second where the first one would have been played before the playlist may change again', () => {
    const made = (segments: number) => ({ prefixSeconds: 2 * segments, grownSeconds: 2 * segments });
    expect(mayOffer({ ...made(1), segmentSeconds: 2, elapsedSeconds: 0.2 })).toBe(false);
    expect(mayOffer({ ...made(2), segmentSeconds: 2, elapsedSeconds: 0.4 })).toBe(true);
  });

  it('is never where the film is made about as slowly as it plays', () => {
    for (const seconds of [6, 60, 600, 6000]) expect(offer(seconds, seconds / 1.05)).toBe(false);
  });

  it('goes by what has come since, where a film is taken up again', () => {
    const taken = { prefixSeconds: 600, segmentSeconds: 6, elapsedSeconds: 10 };
    expect(mayOffer({ ...taken, grownSeconds: 6 })).toBe(false);
    expect(mayOffer({ ...taken, grownSeconds: 12 })).toBe(true);
  });
});

describe('how much of it is listed', () => {
  const pace = (prefixSeconds: number, playedSeconds: number, listedSeconds = 0) =>
    pacedSeconds({ prefixSeconds, playedSeconds, listedSeconds, targetSeconds: 6 });

  it('is all of it while players may need it, and later all but the reserve', () => {
    expect(pace(6, 0)).toBe(6);
    expect(pace(24, 0)).toBe(24);
    expect(pace(90, 0)).toBe(90 - reserveSegments * 6);
  });

  it('grows by a segment in each target duration when nothing new comes, until the reserve is out', () => {
    const listed: number[] = [];
    for (let played = 0; played < 120; played += 3) listed.push(pace(90, played, listed.at(-1)));
    const steps = listed.slice(1).map((value, n) => value - (listed[n] ?? 0));
    expect(new Set(steps)).toEqual(new Set([0, 6]));
    expect(listed.at(-1)).toBe(90);
    // After the last of them a player has looked six times without news at the earliest 36 s later.
    expect(steps.lastIndexOf(6) - steps.indexOf(6)).toBe((reserveSegments - 1) * 2);
  });

  it('never shrinks, and never names what is not there', () => {
    const seconds = fc.double({ min: 0, max: 20_000, noNaN: true });
    fc.assert(
      fc.property(seconds, seconds, fc.double({ min: 0, max: 1, noNaN: true }), (prefix, played, share) => {
        const listed = pace(prefix, played, share * prefix);
        expect(listed).toBeGreaterThanOrEqual(share * prefix);
        expect(listed).toBeLessThanOrEqual(prefix);
      }),
    );
  });
});
