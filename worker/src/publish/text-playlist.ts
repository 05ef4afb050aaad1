import type { SegmentRecord } from '../protocol/part-record.ts';
import { playlist } from './m3u8.ts';

/** File names inside the folder of a WebVTT rendition. */
export const wholeTextName = 'subtitles.vtt';

export function textSegmentName(number: number): string {
  return `${String(number).padStart(5, '0')}.vtt`;
}

/** The playlist of a WebVTT rendition, whose segments are cut as the film's: RFC 8216 section 3.5. */
export function textPlaylist(segments: readonly Pick<SegmentRecord, 'number' | 'durationSeconds'>[]): string {
  const target = Math.max(1, ...segments.map(({ durationSeconds }) => Math.round(durationSeconds)));
  return playlist([
    '#EXT-X-VERSION:3',
    `#EXT-X-TARGETDURATION:${target}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    ...segments.flatMap(({ number, durationSeconds }) => [
      `#EXTINF:${durationSeconds.toFixed(6)},`,
      textSegmentName(number),
    ]),
    '#EXT-X-ENDLIST',
  ]);
}

/** How long the segments of a published rendition are, in seconds. */
export function segmentSecondsOf(mediaPlaylist: string): number[] {
  return [...mediaPlaylist.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, seconds]) => Number(seconds));
}
