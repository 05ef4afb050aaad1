import type { AudioRendition, Plan } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import { type Bandwidth, measureBandwidth, most, together } from './bandwidth.ts';
import { playlist, quotable, tag } from './m3u8.ts';
import { hasIframes, iframePlaylistName, mediaPlaylistName, targetDuration } from './media-playlist.ts';
import { joinRenditions, type Rendition } from './rendition.ts';

const captionsGroup = 'captions';

/** Apple's HLS authoring specification, section 1: the first variant is where a player starts, 2000 kbit/s on Wi-Fi. */
const startBandwidth = 2_000_000;

/** Tracks that a viewer can choose from; players take a group by its codec. */
interface AudioGroup {
  id: string;
  audio: readonly AudioRendition[];
  codecs: readonly string[];
  bandwidth: Bandwidth | undefined;
}

/** What a player must know of a rendition to choose it. */
export interface RenditionFacts {
  codecs: string;
  bandwidth: Bandwidth;
  /** Of its I-frame playlist, where it has one. */
  iframes?: Bandwidth | undefined;
}

/** Names a playlist of a rendition, from the multivariant playlist. Made of letters, digits and "-" alone. */
type PlaylistUri = (rendition: string, file: string) => string;

interface Variant {
  bandwidth: Bandwidth;
  lines: string[];
}

/**
 * The playlist that is the commit: every rendition with what a player must know to choose, measured from the
 * published segments. Lies one folder above the plan's; all names in it are relative.
 * @throws Error when a rendition of the plan lacks a segment
 */
export function multivariantPlaylist(plan: Plan, records: readonly PartRecord[]): string {
  const renditions = joinRenditions(plan, records);
  const target = targetDuration(records);
  const factsOf = (name: string): RenditionFacts => {
    const rendition = renditions.get(name) as Rendition;
    const { codecs, segments } = rendition;
    const frames = segments.map((segment) => ({ ...segment, bytes: segment.keyframeBytes ?? 0 }));
    return {
      codecs,
      bandwidth: measureBandwidth(segments, target),
      iframes: hasIframes(rendition) ? measureBandwidth(frames, target) : undefined,
    };
  };
  return multivariantOf(plan, factsOf, (name, file) => `${plan.id}/${name}/${file}`);
}

/** @param tags of the whole playlist, beside the usual ones */
export function multivariantOf(
  plan: Plan,
  factsOf: (rendition: string) => RenditionFacts,
  uri: PlaylistUri,
  tags: readonly string[] = [],
): string {
  const facts = new Map(
    [...(plan.video?.renditions ?? []), ...plan.audio].map(({ name }) => [name, factsOf(name)]),
  );
  const find = (name: string) => facts.get(name) as RenditionFacts;
  const groups = audioGroups(plan.audio).map(({ id, audio }) => {
    const found = audio.map(({ name }) => find(name));
    return {
      id,
      audio,
      codecs: [...new Set(found.map(({ codecs }) => codecs))],
      bandwidth: most(found.map(({ bandwidth }) => bandwidth)),
    };
  });
  // RFC 8216 section 4.3.4.2: NONE says that no variant carries captions.
  const captions = plan.video?.hasCaptions ? { quoted: captionsGroup } : 'NONE';
  const common = { 'CLOSED-CAPTIONS': captions };

  const { video } = plan;
  const videoVariants = (group: AudioGroup | undefined): Variant[] =>
    (video?.renditions ?? []).map(({ name, width, height }) => {
      const { codecs, bandwidth: own } = find(name);
      const bandwidth = together(own, group?.bandwidth);
      const attributes = {
        ...rates(bandwidth),
        CODECS: { quoted: [codecs, ...(group?.codecs ?? [])].join(',') },
        RESOLUTION: { width, height },
        'FRAME-RATE': video && (video.frameRate.num / video.frameRate.den).toFixed(3),
        AUDIO: group && { quoted: group.id },
        ...common,
      };
      return { bandwidth, lines: [tag('EXT-X-STREAM-INF', attributes), uri(name, mediaPlaylistName)] };
    });
  const iframes = (video?.renditions ?? []).flatMap(({ name, width, height }) => {
    const { codecs, iframes: bandwidth } = find(name);
    if (bandwidth === undefined) return [];
    return tag('EXT-X-I-FRAME-STREAM-INF', {
      ...rates(bandwidth),
      CODECS: { quoted: codecs },
      RESOLUTION: { width, height },
      URI: { quoted: uri(name, iframePlaylistName) },
    });
  });

  // Each once for a group. Stereo comes first: every player plays that.
  const variants = (groups.length > 0 ? groups : [undefined]).flatMap((group) =>
    video ? startFirst(videoVariants(group)) : audioVariants(plan, group, common, uri),
  );
  return playlist([
    '#EXT-X-VERSION:6',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...tags,
    ...groups.flatMap((group) => audioMedia(group, uri)),
    ...captionsMedia(plan),
    ...variants.flatMap(({ lines }) => lines),
    ...iframes,
  ]);
}

function rates({ peak, average }: Bandwidth) {
  return { BANDWIDTH: peak, 'AVERAGE-BANDWIDTH': average };
}

/** Largest first, but for the one to start with. */
function startFirst(variants: readonly Variant[]): Variant[] {
  const distance = ({ bandwidth }: Variant) => Math.abs(Math.log(bandwidth.average / startBandwidth));
  const [start] = variants.toSorted((a, b) => distance(a) - distance(b));
  return variants.toSorted((a, b) => Number(b === start) - Number(a === start));
}

function audioGroups(audio: readonly AudioRendition[]): Pick<AudioGroup, 'id' | 'audio'>[] {
  const stereo = audio.filter(({ codec }) => codec === undefined);
  const surround = audio.filter(({ codec }) => codec === 'ac3');
  return [
    { id: 'audio', audio: stereo },
    { id: 'surround', audio: surround },
  ].filter((group) => group.audio.length > 0);
}

/** A film without video: the track that plays by default is the variant of its group, the others are its alternatives. */
function audioVariants(
  plan: Plan,
  group: AudioGroup | undefined,
  common: Record<string, string | { quoted: string } | undefined>,
  uri: PlaylistUri,
): Variant[] {
  const main = group && defaultAudio(group.audio);
  if (group === undefined || main === undefined || group.bandwidth === undefined)
    throw new Error(`Plan ${plan.id} has neither video nor audio.`);
  const { bandwidth, codecs, id } = group;
  const attributes = {
    ...rates(bandwidth),
    CODECS: { quoted: codecs.join(',') },
    AUDIO: { quoted: id },
    ...common,
  };
  return [{ bandwidth, lines: [tag('EXT-X-STREAM-INF', attributes), uri(main.name, mediaPlaylistName)] }];
}

/** RFC 8216 section 4.3.4.1.1: names differ, one default at most, automatic choice only where languages differ. */
function audioMedia({ id, audio }: AudioGroup, uri: PlaylistUri): string[] {
  const main = defaultAudio(audio);
  const names = uniqueNames(audio.map(({ label, name }) => quotable(label) || name));
  const languages = new Set<string | undefined>([main?.language]);
  return audio.map((rendition, index) => {
    const isMain = rendition === main;
    // A commentary is what a viewer asks for; the others are what a system's settings ask for.
    const automatic =
      isMain ||
      rendition.role === 'description' ||
      rendition.role === 'clear-speech' ||
      (rendition.role === undefined && !languages.has(rendition.language));
    if (rendition.role === undefined) languages.add(rendition.language);
    return tag('EXT-X-MEDIA', {
      TYPE: 'AUDIO',
      'GROUP-ID': { quoted: id },
      NAME: { quoted: names[index] ?? rendition.name },
      LANGUAGE: rendition.language === undefined ? undefined : { quoted: rendition.language },
      DEFAULT: isMain ? 'YES' : 'NO',
      AUTOSELECT: automatic ? 'YES' : 'NO',
      CHARACTERISTICS: characteristics(rendition),
      CHANNELS: { quoted: String(rendition.channels) },
      URI: { quoted: uri(rendition.name, mediaPlaylistName) },
    });
  });
}

/** Apple's HLS authoring specification, 2.12 and 2.28; the others are what AVFoundation calls such tracks. */
const roleCharacteristics = {
  description: ['public.accessibility.describes-video'],
  'clear-speech': ['public.accessibility.enhances-speech-intelligibility'],
  commentary: ['public.auxiliary-content'],
};
const versionCharacteristics = {
  original: ['public.original-content'],
  dubbed: ['public.translation', 'public.translation.dubbed'],
};

function characteristics({ role, version }: AudioRendition): { quoted: string } | undefined {
  const all = [
    ...(role ? roleCharacteristics[role] : []),
    ...(version ? versionCharacteristics[version] : []),
  ];
  return all.length > 0 ? { quoted: all.join(',') } : undefined;
}

/** Captions inside the video: the file does not say in which language. */
function captionsMedia({ video }: Plan): string[] {
  if (!video?.hasCaptions) return [];
  const attributes = {
    TYPE: 'CLOSED-CAPTIONS',
    'GROUP-ID': { quoted: captionsGroup },
    NAME: { quoted: 'Captions' },
    DEFAULT: 'NO',
    AUTOSELECT: 'YES',
    'INSTREAM-ID': { quoted: 'CC1' },
  };
  return [tag('EXT-X-MEDIA', attributes)];
}

function defaultAudio(audio: readonly AudioRendition[]): AudioRendition | undefined {
  return audio.find((rendition) => rendition.default) ?? audio[0];
}

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number++) unique = `${name} (${number})`;
    taken.add(unique);
    return unique;
  });
}
