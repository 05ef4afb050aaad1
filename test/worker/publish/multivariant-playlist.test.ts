import fc from 'fast-check';
import * as hls from 'hls-parser';
import { describe, expect, it } from 'vitest';
import { multivariantPlaylist } from '../../../worker/src/publish/multivariant-playlist.ts';
import { anyText } from '../../helpers/any-text.ts';
import { audioRendition, planOf, recordsOf } from '../../helpers/media/published.ts';

const pieces = [
  { seconds: 6, bytes: 1_500_000, keyframeBytes: 30_000 },
  { seconds: 6, bytes: 3_000_000, keyframeBytes: 60_000 },
];

function parse(text: string): hls.types.MasterPlaylist {
  // hls-parser takes an apostrophe for a quotation mark, which it is not (RFC 8216 section 4.2).
  const parsed = hls.parse(text.replaceAll("'", '\ue000\ue000'));
  if (!parsed.isMasterPlaylist) throw new Error('expected a multivariant playlist');
  return parsed as hls.types.MasterPlaylist;
}

describe('multivariantPlaylist', () => {
  it('reports each rendition what a player chooses by', () => {
    const plan = planOf({ audio: [audioRendition(0, { language: 'en', label: 'English' })] });
    expect(multivariantPlaylist(plan, recordsOf(plan, pieces))).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:6',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="0123456789ab/audio-0/index.m3u8"',
        '#EXT-X-STREAM-INF:BANDWIDTH=4001335,AVERAGE-BANDWIDTH=3001334,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE',
        '0123456789ab/720p/index.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=4001335,AVERAGE-BANDWIDTH=3001334,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE',
        '0123456789ab/360p/index.m3u8',
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=80000,AVERAGE-BANDWIDTH=60000,CODECS="avc1.640028",RESOLUTION=1280x720,URI="0123456789ab/720p/iframes.m3u8"',
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=80000,AVERAGE-BANDWIDTH=60000,CODECS="avc1.640028",RESOLUTION=640x360,URI="0123456789ab/360p/iframes.m3u8"',
        '',
      ].join('\n'),
    );
  });

  it('says what audio is for and which version it is, and chooses no commentary by itself', () => {
    const audio = [
      audioRendition(0, { language: 'en', label: 'English' }),
      audioRendition(1, { language: 'en', label: 'Description', role: 'description' }),
      audioRendition(2, { language: 'de', label: 'Commentary', role: 'commentary' }),
      audioRendition(3, { language: 'de', label: 'German', version: 'dubbed' }),
      audioRendition(4, { language: 'ja', label: 'Japanese', version: 'original' }),
      audioRendition(5, { language: 'en', label: 'Clear', role: 'clear-speech', version: 'dubbed' }),
    ];
    const plan = planOf({ audio });
    const tracks = parse(multivariantPlaylist(plan, recordsOf(plan, pieces))).variants[0]?.audio;
    expect(
      tracks?.map(({ name, autoselect, characteristics }) => [name, autoselect, characteristics]),
    ).toEqual([
      ['English', true, undefined],
      ['Description', true, 'public.accessibility.describes-video'],
      ['Commentary', false, 'public.auxiliary-content'],
      ['German', true, 'public.translation,public.translation.dubbed'],
      ['Japanese', true, 'public.original-content'],
      [
        'Clear',
        true,
        'public.accessibility.enhances-speech-intelligibility,public.translation,public.translation.dubbed',
      ],
    ]);
  });

  it('lists each picture once for AAC and then once for AC-3, with the codecs, channels and rates of that', () => {
    const audio = [
      audioRendition(0, { language: 'en', label: 'English' }),
      audioRendition(1, { language: 'en', label: 'English', name: 'ac3-0-en', codec: 'ac3', channels: 6 }),
    ];
    const plan = planOf({ audio });
    const records = recordsOf(plan, pieces);
    for (const { renditions } of records)
      for (const rendition of renditions) if (rendition.name === 'ac3-0-en') rendition.codecs = 'ac-3';
    const { variants } = parse(multivariantPlaylist(plan, records));
    const shown = variants.filter(({ isIFrameOnly }) => !isIFrameOnly);
    expect(shown.map(({ codecs, audio: [track] }) => [codecs, track?.groupId, track?.channels])).toEqual([
      ...Array.from({ length: shown.length / 2 }, () => ['avc1.640028,mp4a.40.2', 'audio', '2']),
      ...Array.from({ length: shown.length / 2 }, () => ['avc1.640028,ac-3', 'surround', '6']),
    ]);
    expect(shown.map(({ audio: [track] }) => track?.name)).toEqual(shown.map(() => 'English'));
  });

  it('starts with the rendition nearest to 2000 kbit/s, then goes from large to small', () => {
    const plan = planOf({ audio: [] });
    const records = recordsOf(plan, pieces);
    for (const { renditions } of records) {
      for (const rendition of renditions) {
        if (rendition.name !== '720p') continue;
        rendition.segments = rendition.segments.map((segment) => ({ ...segment, bytes: segment.bytes * 4 }));
      }
    }
    const uris = parse(multivariantPlaylist(plan, records)).variants.map(({ uri }) => uri);
    expect(uris.slice(0, 2)).toEqual(['0123456789ab/360p/index.m3u8', '0123456789ab/720p/index.m3u8']);
  });

  it('has no audio group for a silent film', () => {
    const plan = planOf({ audio: [] });
    const text = multivariantPlaylist(plan, recordsOf(plan, pieces));
    expect(text).not.toContain('AUDIO');
    expect(parse(text).variants[0]?.codecs).toBe('avc1.640028');
  });

  it('has one variant without a resolution for a film without a picture', () => {
    const plan = planOf({
      video: undefined,
      audio: [audioRendition(0, { default: false }), audioRendition(1, { default: true, language: 'de' })],
    });
    const parsed = parse(multivariantPlaylist(plan, recordsOf(plan, pieces)));
    expect(parsed.variants).toHaveLength(1);
    expect(parsed.variants[0]).toMatchObject({ uri: '0123456789ab/audio-1/index.m3u8', codecs: 'mp4a.40.2' });
    expect(parsed.variants[0]?.resolution).toBeUndefined();
    expect(parsed.variants[0]?.audio.map(({ uri }) => uri)).toEqual([
      '0123456789ab/audio-0/index.m3u8',
      '0123456789ab/audio-1/index.m3u8',
    ]);
  });

  it('lists no I-frame playlist of a rendition whose first frames are not known', () => {
    const plan = planOf();
    const records = recordsOf(plan, [{ seconds: 6, bytes: 10 }]);
    expect(multivariantPlaylist(plan, records)).not.toContain('I-FRAME');
  });

  it('is never written when a rendition of the plan has no segments', () => {
    const plan = planOf();
    const records = recordsOf(plan, pieces).slice(0, -1);
    expect(() => multivariantPlaylist(plan, records)).toThrow(
      'No part has segments of the rendition "audio-0".',
    );
  });

  it('keeps names apart and quoted strings whole, whatever a film calls its audio tracks', () => {
    const label = fc.oneof(
      anyText({ maxLength: 30 }),
      fc.constantFrom('', '"', 'a"\n#EXT-X-ENDLIST\n', 'Same', 'Same', 'a,B="c"', '\u2028'),
    );
    const track = fc.record({
      label,
      language: fc.option(fc.constantFrom('en', 'de', 'x"y\nz'), { nil: undefined }),
      default: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(track, { minLength: 1, maxLength: 8 }), (tracks) => {
        const plan = planOf({ audio: tracks.map((changes, index) => audioRendition(index, changes)) });
        const text = multivariantPlaylist(plan, recordsOf(plan, pieces));
        const group = parse(text).variants[0]?.audio ?? [];
        expect(group.map(({ uri }) => uri)).toEqual(
          plan.audio.map(({ name }) => `0123456789ab/${name}/index.m3u8`),
        );
        expect(new Set(group.map(({ name }) => name)).size).toBe(tracks.length);
        expect(group.filter(({ isDefault }) => isDefault)).toHaveLength(1);
        const automatic = group.filter(({ autoselect }) => autoselect);
        expect(new Set(automatic.map(({ language }) => language)).size).toBe(automatic.length);
        expect(group.every(({ isDefault, autoselect }) => autoselect || !isDefault)).toBe(true);
        expect(text.split('\n').filter((line) => line.startsWith('#EXT'))).toHaveLength(7 + tracks.length);
      }),
    );
  });
});
