import type { AudioRendition, Plan, VideoPlan } from '../plan/plan.ts';
import type { PartRecord, SegmentRecord } from '../protocol/part-record.ts';
import type { FilmSubtitles } from '../protocol/status.ts';
import { measureBandwidth } from './bandwidth.ts';
import { initSegmentName, segmentName, targetDuration } from './media-playlist.ts';
import { joinRenditions, type Rendition } from './rendition.ts';
import { element, textElement } from './xml.ts';

/**
 * The MPEG-DASH manifest of the segments that the HLS playlists name, for players that take no HLS: smart TVs, Android, dash.js, Shaka
 * Player. ISO/IEC 23009-1; profiles isoff-live (SegmentTemplate with a time line) and cmaf. Lies beside the multivariant playlist.
 *
 * The time line counts as the segments do: from zero, in frames or samples, so players need no guess.
 * Left out, as players that fetch a byte range of a fragment wait for its rest: trick play by key frames, which HLS has.
 * @throws Error when the segments are MPEG-TS, which DASH players don't take, or when a rendition of the plan lacks a segment
 */
export function dashManifest(plan: Plan, records: readonly PartRecord[]): string {
  if (plan.segmentFormat !== 'fmp4') throw new Error('A DASH manifest names fMP4 segments, not MPEG-TS.');
  const renditions = joinRenditions(plan, records);
  const target = targetDuration(records);
  const find = (name: string) => renditions.get(name) as Rendition;
  const sets = [
    ...(plan.video ? [videoSet(plan.video, find, target)] : []),
    ...plan.audio.map((audio) => audioSet(audio, find(audio.name), target)),
  ];
  const numbered = sets.map((set, id) => element('AdaptationSet', { id, ...set.attributes }, set.children));
  const seconds = Math.max(...[...renditions.values()].map(({ durationSeconds }) => durationSeconds));
  const mpd = element(
    'MPD',
    {
      xmlns: 'urn:mpeg:dash:schema:mpd:2011',
      profiles: 'urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019',
      type: 'static',
      mediaPresentationDuration: duration(seconds),
      minBufferTime: duration(target),
    },
    [textElement('BaseURL', `${plan.id}/`), element('Period', { id: 0, start: 'PT0S' }, numbered)],
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${mpd}\n`;
}

/**
 * The manifest with these subtitles in place of those that it names, and nothing else changed; each is one WebVTT file over the whole film.
 */
export function withManifestSubtitles(manifest: string, subtitles: readonly FilmSubtitles[]): string {
  const kept = manifest.replace(
    / *<AdaptationSet id="\d+" contentType="text"[\s\S]*?<\/AdaptationSet>\n/g,
    '',
  );
  const sets = subtitles.map((track, n) => subtitlesSet(track, firstSubtitles + n));
  const lines = sets.flatMap((set) => set.split('\n')).map((line) => `    ${line}\n`);
  return kept.replace(/^ *<\/Period>$/m, (end) => `${lines.join('')}${end}`);
}

/** Ids above those of video and audio. */
const firstSubtitles = 100;

/** Bits per second of a few words; players choose by those of video and audio. */
const subtitlesBandwidth = 1000;

function subtitlesSet({ name, label, language, kind, file }: FilmSubtitles, id: number): string {
  return element('AdaptationSet', { id, contentType: 'text', mimeType: 'text/vtt', lang: language }, [
    // 2 is for people who hear little.
    ...(kind === 'sdh' ? [audioPurpose(2)] : []),
    role({ subtitles: 'subtitle', sdh: 'caption', forced: 'forced-subtitle' }[kind]),
    textElement('Label', label),
    element('Representation', { id: name, bandwidth: subtitlesBandwidth }, [
      textElement('BaseURL', file.slice(file.lastIndexOf(`${name}/`))),
    ]),
  ]);
}

interface AdaptationSet {
  attributes: Record<string, string | number | undefined>;
  children: string[];
}

const common = { segmentAlignment: 'true', startWithSAP: 1 };

/** All renditions are cut at the same frames, so one time line serves them all. */
function videoSet(video: VideoPlan, find: (name: string) => Rendition, target: number): AdaptationSet {
  const { num, den } = video.frameRate;
  // Rates such as 25/1 are too coarse to count frames of a varying rate in.
  const timescale = num < 1000 ? num * 1000 : num;
  const [first] = video.renditions;
  return {
    attributes: { contentType: 'video', mimeType: 'video/mp4', ...common },
    children: [
      // SCTE 214-1: captions inside the video; the file does not say in which language.
      ...(video.hasCaptions
        ? [element('Accessibility', { schemeIdUri: 'urn:scte:dash:cc:cea-608:2015', value: 'CC1' })]
        : []),
      role('main'),
      segmentTemplate(find(first?.name ?? '').segments, timescale),
      ...video.renditions.map(({ name, width, height }) => {
        const { codecs, segments } = find(name);
        const bandwidth = measureBandwidth(segments, target).peak;
        const frameRate = den === 1 ? num : `${num}/${den}`;
        return element('Representation', {
          id: name,
          codecs,
          bandwidth,
          width,
          height,
          frameRate,
          sar: '1:1',
        });
      }),
    ],
  };
}

function audioSet(audio: AudioRendition, { codecs, segments }: Rendition, target: number): AdaptationSet {
  const { name, label, language, sampleRate, channels } = audio;
  const bandwidth = measureBandwidth(segments, target).peak;
  return {
    attributes: { contentType: 'audio', mimeType: 'audio/mp4', lang: language, ...common },
    children: [
      // 1 is for people who see little, 2 for people who hear little.
      ...(audio.role === 'description' ? [audioPurpose(1)] : []),
      ...(audio.role === 'clear-speech' ? [audioPurpose(2)] : []),
      role(audio.role === 'commentary' ? 'commentary' : audio.default ? 'main' : 'alternate'),
      ...(audio.version === 'dubbed' ? [role('dub')] : []),
      textElement('Label', label),
      segmentTemplate(segments, sampleRate),
      element('Representation', { id: name, codecs, bandwidth, audioSamplingRate: sampleRate }, [
        element('AudioChannelConfiguration', {
          // ISO/IEC 23091-3: 1 is mono, 2 is stereo, 6 is 5.1.
          schemeIdUri: 'urn:mpeg:mpegB:cicp:ChannelConfiguration',
          value: channels,
        }),
      ]),
    ],
  };
}

/** TV-Anytime's AudioPurposeCS, as DVB-DASH has it. */
function audioPurpose(value: number): string {
  return element('Accessibility', { schemeIdUri: 'urn:tva:metadata:cs:AudioPurposeCS:2007', value });
}

function role(value: string): string {
  return element('Role', { schemeIdUri: 'urn:mpeg:dash:role:2011', value });
}

function segmentTemplate(segments: readonly SegmentRecord[], timescale: number): string {
  const media = segmentName(0, 'fmp4').replace(/^0+/, (zeros) => `$Number%0${zeros.length}d$`);
  return element(
    'SegmentTemplate',
    {
      timescale,
      initialization: `$RepresentationID$/${initSegmentName}`,
      media: `$RepresentationID$/${media}`,
      startNumber: 0,
    },
    [element('SegmentTimeline', {}, timeLine(segments, timescale))],
  );
}

/** `S` elements: equal lengths in a row are one, `r` times repeated. Every start is rounded by itself, so nothing adds up. */
function timeLine(segments: readonly SegmentRecord[], timescale: number): string[] {
  const runs: { t: number; d: number; count: number }[] = [];
  for (const { startSeconds, durationSeconds } of segments) {
    const t = Math.round(startSeconds * timescale);
    const d = Math.round((startSeconds + durationSeconds) * timescale) - t;
    const last = runs.at(-1);
    if (last && last.d === d && last.t + last.d * last.count === t) last.count += 1;
    else runs.push({ t, d, count: 1 });
  }
  return runs.map(({ t, d, count }) => element('S', { t, d, r: count > 1 ? count - 1 : undefined }));
}

/** ISO 8601, as XML Schema has it. */
function duration(seconds: number): string {
  return `PT${Number(seconds.toFixed(3))}S`;
}
