import fc from 'fast-check';
import * as hls from 'hls-parser';
import { describe, expect, it } from 'vitest';
import {
  iframePlaylist,
  mediaPlaylist,
  segmentName,
  targetDuration,
} from '../../../worker/src/publish/media-playlist.ts';
import { planOf, recordsOf } from '../../helpers/media/published.ts';

const pieces = [
  { seconds: 6, bytes: 600_000, keyframeBytes: 40_000 },
  { seconds: 6, bytes: 700_000, keyframeBytes: 41_000 },
  { seconds: 6.006, bytes: 500_000, keyframeBytes: 42_000 },
  { seconds: 2.5, bytes: 200_000, keyframeBytes: 43_000 },
];

function parse(text: string): hls.types.MediaPlaylist {
  const parsed = hls.parse(text);
  if (parsed.isMasterPlaylist) throw new Error('expected a media playlist');
  return parsed as hls.types.MediaPlaylist;
}

describe('mediaPlaylist', () => {
  it('joins the segments of all parts into one film on demand', () => {
    const plan = planOf();
    expect(mediaPlaylist(plan, '720p', recordsOf(plan, pieces))).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:6',
        '#EXT-X-TARGETDURATION:6',
        '#EXT-X-MEDIA-SEQUENCE:0',
        '#EXT-X-PLAYLIST-TYPE:VOD',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-MAP:URI="init.mp4"',
        '#EXTINF:6.000000,',
        '00000.m4s',
        '#EXTINF:6.000000,',
        '00001.m4s',
        '#EXTINF:6.006000,',
        '00002.m4s',
        '#EXTINF:2.500000,',
        '00003.m4s',
        '#EXT-X-ENDLIST',
        '',
      ].join('\n'),
    );
  });

  it('names MPEG-TS segments and no init segment where the plan says so', () => {
    const plan = planOf({ segmentFormat: 'mpegts' });
    const parsed = parse(mediaPlaylist(plan, 'audio-0', recordsOf(plan, pieces)));
    expect(parsed.segments.map(({ uri }) => uri)).toEqual(['00000.ts', '00001.ts', '00002.ts', '00003.ts']);
    expect(parsed.segments[0]?.map).toBeFalsy();
  });

  it('does not depend on the order in which parts were made', () => {
    const plan = planOf();
    const records = recordsOf(plan, pieces, 1);
    expect(mediaPlaylist(plan, '360p', records.toReversed())).toBe(mediaPlaylist(plan, '360p', records));
  });

  it('refuses a film with a part missing, and one with a part twice', () => {
    const plan = planOf();
    const records = recordsOf(plan, pieces, 1);
    const without = records.filter(({ part }) => part !== 1);
    expect(() => mediaPlaylist(plan, '720p', without)).toThrow(
      'Segment 1 of the rendition "720p" is missing or there twice: found 2.',
    );
    expect(() => mediaPlaylist(plan, '720p', [...records, ...records.slice(0, 1)])).toThrow('there twice');
    expect(() => mediaPlaylist(plan, '1080p', records)).toThrow(
      'No part has segments of the rendition "1080p".',
    );
  });

  it('refuses parts whose init segments differ', () => {
    const plan = planOf();
    const records = recordsOf(plan, pieces, 1);
    for (const rendition of records[2]?.renditions ?? []) rendition.initSha256 = 'b'.repeat(64);
    expect(() => mediaPlaylist(plan, '720p', records)).toThrow('different init segments');
  });

  it('keeps the rules of RFC 8216 for any film, and a parser reads back what was written', () => {
    const anyPieces = fc.array(
      fc.record({
        seconds: fc.double({ min: 0.02, max: 30.5, noNaN: true }),
        bytes: fc.integer({ min: 1, max: 50_000_000 }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(anyPieces, fc.integer({ min: 1, max: 7 }), (film, perPart) => {
        const plan = planOf();
        const parsed = parse(mediaPlaylist(plan, '720p', recordsOf(plan, film, perPart)));
        expect(parsed.playlistType).toBe('VOD');
        expect(parsed.endlist).toBe(true);
        expect(parsed.segments.map(({ uri }) => uri)).toEqual(film.map((_, n) => segmentName(n, 'fmp4')));
        for (const [index, segment] of parsed.segments.entries()) {
          expect(Math.round(segment.duration)).toBeLessThanOrEqual(parsed.targetDuration);
          expect(Math.abs(segment.duration - (film[index]?.seconds ?? 0))).toBeLessThan(1e-6);
          expect(segment.map?.uri).toBe('init.mp4');
        }
      }),
    );
  });
});

describe('targetDuration', () => {
  it('rounds the longest segment of any rendition, so that all have the same', () => {
    const plan = planOf();
    const records = recordsOf(plan, [{ seconds: 6.4999999, bytes: 1 }]);
    // 6.4999999 is printed as 6.500000, which rounds to 7.
    expect(targetDuration(records)).toBe(7);
    expect(targetDuration(recordsOf(plan, [{ seconds: 6.499, bytes: 1 }]))).toBe(6);
    expect(targetDuration(recordsOf(plan, [{ seconds: 0.2, bytes: 1 }]))).toBe(1);
  });
});

describe('iframePlaylist', () => {
  it('points at the first frame of each segment', () => {
    const plan = planOf();
    const text = iframePlaylist(plan, '720p', recordsOf(plan, pieces));
    const parsed = parse(text);
    expect(parsed.isIFrame).toBe(true);
    expect(parsed.segments.map(({ byterange }) => byterange)).toEqual(
      pieces.map(({ keyframeBytes }) => ({ length: keyframeBytes, offset: 0 })),
    );
    expect(text).toContain('#EXT-X-VERSION:5\n');
  });

  it('is refused where the size of a first frame is not known', () => {
    const plan = planOf();
    const records = recordsOf(plan, [{ seconds: 6, bytes: 10 }]);
    expect(() => iframePlaylist(plan, '720p', records)).toThrow('first frame of segment 0 of "720p"');
  });
});
