import type { Plan } from '../plan/plan.ts';
import type { MadeRendition } from '../protocol/lease.ts';
import type { Bandwidth } from './bandwidth.ts';
import { playlist, tag } from './m3u8.ts';
import { initSegmentName, mediaPlaylistName, seconds, segmentName } from './media-playlist.ts';
import { multivariantOf } from './multivariant-playlist.ts';
import { keyTags } from './segment-encryption.ts';

/*
 * The playlists of a film that is played while it is made: type EVENT (RFC 8216 section 4.3.3.5), which only grows, over the
 * same segments as the finished film's. They end with EXT-X-ENDLIST and never become VOD, for players that are in the middle.
 */

/** A part as far as it is published. */
export interface MadePart {
  isRecorded: boolean;
  renditions: readonly MadeRendition[];
}

/** A rendition from the film's start, as far as it is there without a gap. */
export interface EarlyRendition {
  name: string;
  /** Undefined where nothing is there. */
  codecs?: string | undefined;
  durations: readonly number[];
  /** All that there will be of it is there. */
  isWhole: boolean;
}

/**
 * Joins what is made of each rendition.
 * @param targetSeconds a segment that is longer can't be listed: see `earlyTarget`
 */
export function joinEarly(
  plan: Plan,
  parts: ReadonlyMap<number, MadePart>,
  targetSeconds: number,
): EarlyRendition[] {
  const ofKind = (kind: 'video' | 'audio', renditions: readonly { name: string }[]) =>
    renditions.map(({ name }) => joinRendition(plan, { kind, name, targetSeconds }, parts));
  return [...ofKind('video', plan.video?.renditions ?? []), ...ofKind('audio', plan.audio)];
}

function joinRendition(
  plan: Plan,
  { kind, name, targetSeconds }: { kind: 'video' | 'audio'; name: string; targetSeconds: number },
  parts: ReadonlyMap<number, MadePart>,
): EarlyRendition {
  const durations: number[] = [];
  let codecs: string | undefined;
  for (const part of plan.parts) {
    if (part.kind !== kind) continue;
    const made = parts.get(part.index);
    const found = made?.renditions.find((rendition) => rendition.name === name);
    // Behind an early end of the film a part is empty.
    if (found && found.durations.length > 0) {
      if (part.firstSegment !== durations.length) return { name, codecs, durations, isWhole: false };
      codecs ??= found.codecs;
      const isLong = (duration: number) => Math.round(duration) > targetSeconds;
      const long = found.durations.findIndex(isLong);
      durations.push(...(long === -1 ? found.durations : found.durations.slice(0, long)));
      if (long !== -1) return { name, codecs, durations, isWhole: false };
    }
    if (!made?.isRecorded) return { name, codecs, durations, isWhole: false };
  }
  return { name, codecs, durations, isWhole: true };
}

/** A rendition that ends so shortly before the plan says holds nothing back. */
const endSlackSeconds = 1;

/** How far the film can be played, video and audio in step: as far as all renditions are there. */
export function prefixSeconds(plan: Plan, renditions: readonly EarlyRendition[]): number {
  const ends = renditions.map((rendition) => ({ ...rendition, end: sum(rendition.durations) }));
  const growing = ends.filter(
    ({ name, end, isWhole }) => !isWhole && end < plannedEnd(plan, name) - endSlackSeconds,
  );
  return growing.length > 0
    ? Math.min(...growing.map(({ end }) => end))
    : Math.max(0, ...ends.map(({ end }) => end));
}

function plannedEnd(plan: Plan, name: string): number {
  const audio = plan.audio.find((each) => each.name === name);
  return audio?.durationSeconds ?? plan.video?.durationSeconds ?? plan.durationSeconds;
}

/**
 * EXT-X-TARGETDURATION, which never changes (RFC 8216 section 6.2.1): of the longest segment that is planned, and of a frame
 * more, as segments begin with a frame.
 */
export function earlyTarget(plan: Plan): number {
  const frames = plan.video ? plan.video.frameRate.den / plan.video.frameRate.num : 0;
  const lengths = plan.parts.flatMap((part) => {
    if (part.kind !== 'video' && part.kind !== 'audio') return [];
    const audioEnd = Math.max(0, ...plan.audio.map(({ durationSeconds }) => durationSeconds));
    const filmEnd = part.kind === 'audio' ? audioEnd : (plan.video?.durationSeconds ?? plan.durationSeconds);
    const bounds = [part.startSeconds ?? 0, ...part.segmentCuts, part.endSeconds ?? filmEnd];
    return bounds.slice(1).map((bound, n) => bound - (bounds[n] ?? 0));
  });
  return Math.max(1, Math.round(Math.max(plan.segmentSeconds, ...lengths) + frames));
}

/** The segments of a rendition that begin well before the given time. */
export function segmentsUpTo({ durations }: Pick<EarlyRendition, 'durations'>, untilSeconds: number): number {
  let start = 0;
  const after = durations.findIndex((duration) => {
    const middle = start + duration / 2;
    start += duration;
    return middle >= untilSeconds;
  });
  return after === -1 ? durations.length : after;
}

/** @param count how many segments are listed */
export function earlyMediaPlaylist(
  plan: Plan,
  { name, durations, isWhole }: EarlyRendition,
  { count, targetSeconds }: { count: number; targetSeconds: number },
): string {
  const isFmp4 = plan.segmentFormat === 'fmp4';
  return playlist([
    `#EXT-X-VERSION:${isFmp4 ? 6 : 3}`,
    `#EXT-X-TARGETDURATION:${targetSeconds}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:EVENT',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(isFmp4 ? [tag('EXT-X-MAP', { URI: { quoted: `../${name}/${initSegmentName}` } })] : []),
    ...keyTags(plan),
    ...durations
      .slice(0, count)
      .flatMap((durationSeconds, number) => [
        `#EXTINF:${seconds({ durationSeconds })},`,
        `../${name}/${segmentName(number, plan.segmentFormat)}`,
      ]),
    ...(isWhole && count === durations.length ? ['#EXT-X-ENDLIST'] : []),
  ]);
}

const endTag = '#EXT-X-ENDLIST';

/** What is listed in a playlist that is there already. */
export function readEarlyPlaylist(text: string): { durations: number[]; isEnded: boolean } {
  const lines = text.split('\n');
  const durations = lines.flatMap((line) => {
    const [, duration] = /^#EXTINF:([\d.]+),/.exec(line) ?? [];
    return duration === undefined ? [] : [Number(duration)];
  });
  return { durations, isEnded: lines.includes(endTag) };
}

/** The last version of a rendition's playlist: all that the published film's one lists, and its end. */
export function endEarlyPlaylist(early: string, name: string, published: string): string {
  const header = early
    .split('\n')
    .filter((line) => line.startsWith('#EXT-X-') && line !== endTag)
    .join('\n');
  const entries = published
    .split('\n')
    .filter((line) => line !== '' && (line.startsWith('#EXTINF') || !line.startsWith('#')))
    .map((line) => (line.startsWith('#') ? line : `../${name}/${line}`));
  return playlist([header, ...entries, endTag]);
}

/** Containers take about so much more than the frames. */
const containerShare = 1.03;

/**
 * The multivariant playlist, beside those of the renditions. No bit rate is measured before the end, so the most that the
 * encoders may make is declared. EXT-X-START: players begin near the end of a playlist that grows, unless a playlist says otherwise.
 */
export function earlyMultivariantPlaylist(plan: Plan, renditions: readonly EarlyRendition[]): string {
  const factsOf = (name: string) => ({
    codecs: renditions.find((rendition) => rendition.name === name)?.codecs ?? '',
    bandwidth: declaredBandwidth(plan, name),
  });
  const uri = (name: string, file: string) => {
    if (file !== mediaPlaylistName) throw new TypeError(`There is no early "${file}".`);
    return `${name}.m3u8`;
  };
  return multivariantOf(plan, factsOf, uri, [tag('EXT-X-START', { 'TIME-OFFSET': 0 })]);
}

function declaredBandwidth({ video, audio, segmentSeconds }: Plan, name: string): Bandwidth {
  const ofVideo = video?.renditions.find((rendition) => rendition.name === name);
  const bitrate = ofVideo?.bitrate ?? audio.find((rendition) => rendition.name === name)?.bitrate ?? 0;
  const burst = (ofVideo?.bufferSize ?? 0) / segmentSeconds;
  return {
    average: Math.ceil(bitrate * containerShare),
    peak: Math.ceil((bitrate + burst) * containerShare),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
