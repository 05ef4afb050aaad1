import type { Plan } from '../plan/plan.ts';
import type { PartRecord, SegmentRecord } from '../protocol/part-record.ts';
import { playlist, tag } from './m3u8.ts';
import { joinRendition, type Rendition } from './rendition.ts';
import { keyTags } from './segment-encryption.ts';

/** File names inside a rendition's folder. */
export const mediaPlaylistName = 'index.m3u8';
export const iframePlaylistName = 'iframes.m3u8';
export const initSegmentName = 'init.mp4';

export function segmentName(number: number, format: Plan['segmentFormat']): string {
  return `${String(number).padStart(5, '0')}.${format === 'fmp4' ? 'm4s' : 'ts'}`;
}

/**
 * The playlist of one rendition: RFC 8216 with the rules of Apple's HLS authoring specification for films on demand
 * (VOD and ENDLIST 8.6, EXT-X-MAP 8.20, independent segments 9.11).
 * @throws Error when a segment is missing
 */
export function mediaPlaylist(plan: Plan, name: string, records: readonly PartRecord[]): string {
  const { segments } = joinRendition(records, name);
  const entries = segments.flatMap((segment) => [
    `#EXTINF:${seconds(segment)},`,
    segmentName(segment.number, plan.segmentFormat),
  ]);
  // RFC 8216 section 7: EXT-X-MAP needs 6, EXTINF with fractions 3.
  return film(plan, records, { version: plan.segmentFormat === 'fmp4' ? 6 : 3, tags: [], entries });
}

/** The files that a media playlist names, in order: the init segment first, where there is one. */
export function playlistFiles(text: string): string[] {
  const init = /^#EXT-X-MAP:URI="([^"]+)"/m.exec(text)?.[1];
  const segments = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return [...(init === undefined ? [] : [init]), ...segments];
}

/** Whether the first frame of each segment is known, so that `iframePlaylist` can be made. */
export function hasIframes({ segments }: Rendition): boolean {
  return segments.every(({ keyframeBytes }) => keyframeBytes !== undefined);
}

/**
 * The playlist of a video rendition's key frames, for scrubbing (Apple 6.1): the first frame of each segment, shown
 * until the next.
 * @throws Error when a segment is missing, or the size of its first frame
 */
export function iframePlaylist(plan: Plan, name: string, records: readonly PartRecord[]): string {
  const { segments } = joinRendition(records, name);
  const entries = segments.flatMap((segment) => {
    if (segment.keyframeBytes === undefined) {
      throw new Error(`The size of the first frame of segment ${segment.number} of "${name}" is not known.`);
    }
    return [
      `#EXTINF:${seconds(segment)},`,
      `#EXT-X-BYTERANGE:${segment.keyframeBytes}@0`,
      segmentName(segment.number, plan.segmentFormat),
    ];
  });
  // RFC 8216 section 7: EXT-X-MAP needs 5 here, EXT-X-I-FRAMES-ONLY and EXT-X-BYTERANGE 4.
  const version = plan.segmentFormat === 'fmp4' ? 5 : 4;
  return film(plan, records, { version, tags: ['#EXT-X-I-FRAMES-ONLY'], entries });
}

/**
 * EXT-X-TARGETDURATION: the longest segment of any rendition, rounded to the nearest whole second (RFC 8216 section
 * 4.3.3.1), and the same for all (Apple 8.2).
 */
export function targetDuration(records: readonly PartRecord[]): number {
  let longest = 0;
  for (const { renditions } of records) {
    for (const { segments } of renditions) {
      // What players round is what is printed.
      for (const segment of segments) longest = Math.max(longest, Number(seconds(segment)));
    }
  }
  return Math.max(1, Math.round(longest));
}

/** Microseconds: far below one frame, also when ten thousand are added. */
export function seconds({ durationSeconds }: Pick<SegmentRecord, 'durationSeconds'>): string {
  return durationSeconds.toFixed(6);
}

function film(
  plan: Plan,
  records: readonly PartRecord[],
  parts: { version: number; tags: string[]; entries: string[] },
): string {
  return playlist([
    `#EXT-X-VERSION:${parts.version}`,
    `#EXT-X-TARGETDURATION:${targetDuration(records)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...parts.tags,
    ...(plan.segmentFormat === 'fmp4' ? [tag('EXT-X-MAP', { URI: { quoted: initSegmentName } })] : []),
    ...keyTags(plan),
    ...parts.entries,
    '#EXT-X-ENDLIST',
  ]);
}
