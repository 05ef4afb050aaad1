import { expect, it } from 'vitest';
import type { FilmSubtitles } from '../../../worker/src/protocol/status.ts';
import { dashManifest, withManifestSubtitles } from '../../../worker/src/publish/dash-manifest.ts';
import { audioRendition, planOf, recordsOf } from '../../helpers/media/published.ts';

const pieces = [
  { seconds: 6.006, bytes: 1_500_000 },
  { seconds: 6.006, bytes: 3_000_000 },
  { seconds: 2.002, bytes: 500_000 },
];

it('names the segments of the playlists, with their times in frames and samples', () => {
  const plan = planOf({ audio: [audioRendition(0, { language: 'en', label: 'English' })] });
  expect(dashManifest(plan, recordsOf(plan, pieces))).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="static" mediaPresentationDuration="PT14.014S" minBufferTime="PT6S">
  <BaseURL>0123456789ab/</BaseURL>
  <Period id="0" start="PT0S">
    <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <SegmentTemplate timescale="30000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%05d$.m4s" startNumber="0">
        <SegmentTimeline>
          <S t="0" d="180180" r="1"/>
          <S t="360360" d="60060"/>
        </SegmentTimeline>
      </SegmentTemplate>
      <Representation id="720p" codecs="avc1.640028" bandwidth="3996004" width="1280" height="720" frameRate="30000/1001" sar="1:1"/>
      <Representation id="360p" codecs="avc1.640028" bandwidth="3996004" width="640" height="360" frameRate="30000/1001" sar="1:1"/>
    </AdaptationSet>
    <AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true" startWithSAP="1">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <Label>English</Label>
      <SegmentTemplate timescale="48000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%05d$.m4s" startNumber="0">
        <SegmentTimeline>
          <S t="0" d="288288" r="1"/>
          <S t="576576" d="96096"/>
        </SegmentTimeline>
      </SegmentTemplate>
      <Representation id="audio-0" codecs="mp4a.40.2" bandwidth="2001" audioSamplingRate="48000">
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"/>
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
`);
});

it('says which audio plays by itself, comments or describes, and that there are captions', () => {
  const audio = [
    audioRendition(0, { language: 'en' }),
    audioRendition(1, { language: 'en', role: 'description' }),
    audioRendition(2, { language: 'de', role: 'commentary' }),
    audioRendition(3, { language: 'de', version: 'dubbed' }),
    audioRendition(4, { language: 'en', role: 'clear-speech' }),
  ];
  const plain = planOf({ audio });
  const plan = { ...plain, ...(plain.video && { video: { ...plain.video, hasCaptions: true } }) };
  const sets = dashManifest(plan, recordsOf(plan, pieces)).split('<AdaptationSet ').slice(1);
  const described = sets.map((set) => [
    ...set.matchAll(/<(?:Role|Accessibility) schemeIdUri="(\S+)" value="(\S+)"/g),
  ]);
  expect(described.map((found) => found.map(([, scheme, value]) => `${scheme} ${value}`))).toEqual([
    ['urn:scte:dash:cc:cea-608:2015 CC1', 'urn:mpeg:dash:role:2011 main'],
    ['urn:mpeg:dash:role:2011 main'],
    ['urn:tva:metadata:cs:AudioPurposeCS:2007 1', 'urn:mpeg:dash:role:2011 alternate'],
    ['urn:mpeg:dash:role:2011 commentary'],
    ['urn:mpeg:dash:role:2011 alternate', 'urn:mpeg:dash:role:2011 dub'],
    ['urn:tva:metadata:cs:AudioPurposeCS:2007 2', 'urn:mpeg:dash:role:2011 alternate'],
  ]);
});

it('adds up no rounding over a long film of uneven segments', () => {
  const plan = planOf();
  const uneven = Array.from({ length: 3000 }, () => ({ seconds: 2.0000004, bytes: 1000 }));
  const manifest = dashManifest(plan, recordsOf(plan, uneven, 500));
  const [, video = ''] = manifest.split('<SegmentTimeline>');
  const runs = [...video.matchAll(/<S t="(\d+)" d="(\d+)"(?: r="(\d+)")?/g)].map((run) =>
    run.slice(1).map(Number),
  );
  let next = 0;
  for (const [t, d = 0, r] of runs) {
    expect(t).toBe(next);
    next += d * ((r || 0) + 1);
  }
  expect(next).toBe(Math.round(3000 * 2.0000004 * 30000));
});

it('escapes what a film calls its audio', () => {
  const label = 'A < B & "C"\u0000\uFFFF \uD800 é';
  const plan = planOf({ audio: [audioRendition(0, { label })] });
  expect(dashManifest(plan, recordsOf(plan, pieces))).toContain(
    '<Label>A &lt; B &amp; &quot;C&quot;  \uFFFD é</Label>',
  );
});

const track = (name: string, changes: Partial<FilmSubtitles> = {}): FilmSubtitles => ({
  ...{ name, label: name, kind: 'subtitles', default: false, cues: 3 },
  ...{ playlist: `job/0123456789ab/${name}/index.m3u8`, file: `job/0123456789ab/${name}/subtitles.vtt` },
  ...changes,
});

it('names subtitles as whole files, and gives back the manifest that was when all are removed', () => {
  const plan = planOf();
  const bare = dashManifest(plan, recordsOf(plan, pieces));
  const named = withManifestSubtitles(bare, [
    track('text-en', { language: 'en', label: 'English' }),
    track('text-de', { language: 'de', kind: 'sdh' }),
  ]);
  expect(named).toContain(`
    <AdaptationSet id="100" contentType="text" mimeType="text/vtt" lang="en">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/>
      <Label>English</Label>
      <Representation id="text-en" bandwidth="1000">
        <BaseURL>text-en/subtitles.vtt</BaseURL>
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="101" contentType="text" mimeType="text/vtt" lang="de">
      <Accessibility schemeIdUri="urn:tva:metadata:cs:AudioPurposeCS:2007" value="2"/>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="caption"/>
`);
  expect(named).toMatch(/<\/AdaptationSet>\n {2}<\/Period>\n<\/MPD>\n$/);
  const [, forced] = [named, withManifestSubtitles(named, [track('text-fr', { kind: 'forced' })])];
  expect(forced.match(/contentType="text"/g)).toHaveLength(1);
  expect(forced).toContain('value="forced-subtitle"');
  expect(withManifestSubtitles(forced, [])).toBe(bare);
});

it('has no manifest for MPEG-TS', () => {
  const plan = planOf({ segmentFormat: 'mpegts' });
  expect(() => dashManifest(plan, recordsOf(plan, pieces))).toThrow('fMP4 segments, not MPEG-TS');
});
