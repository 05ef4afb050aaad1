import type { FilmSubtitles } from '../protocol/status.ts';
import { quotable, tag } from './m3u8.ts';

const group = 'subtitles';

/** Apple's HLS authoring specification, 4.8: subtitles for viewers who hear little. */
const forDeaf =
  'public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound';

/**
 * A multivariant playlist with these subtitles in place of those that it names, and nothing else changed: so subtitles are added to
 * a published film, and corrected, while viewers are in the middle of it.
 * @param folder from the playlist to the plan's folder, such as `3f9a1c0b7d52/`
 */
export function withSubtitles(
  multivariant: string,
  subtitles: readonly FilmSubtitles[],
  folder: string,
): string {
  const lines = multivariant
    .split('\n')
    .filter((line) => !line.startsWith('#EXT-X-MEDIA:TYPE=SUBTITLES,'))
    .map((line) => (line.startsWith(variant) ? line.replace(`,${groupAttribute}`, '') : line));
  if (subtitles.length === 0) return lines.join('\n');
  const first = lines.findIndex((line) => line.startsWith(variant));
  const isVideo = (line: string) => line.startsWith(variant);
  return [
    ...lines.slice(0, first),
    ...subtitles.map((track) => mediaTag(track, folder)),
    ...lines.slice(first).map((line) => (isVideo(line) ? `${line},${groupAttribute}` : line)),
  ].join('\n');
}

const variant = '#EXT-X-STREAM-INF:';
const groupAttribute = `SUBTITLES="${group}"`;

/** RFC 8216 section 4.3.4.1. */
function mediaTag(track: FilmSubtitles, folder: string): string {
  const { name, label, language, kind } = track;
  return tag('EXT-X-MEDIA', {
    TYPE: 'SUBTITLES',
    'GROUP-ID': { quoted: group },
    NAME: { quoted: quotable(label) || name },
    LANGUAGE: language === undefined ? undefined : { quoted: language },
    DEFAULT: track.default ? 'YES' : 'NO',
    AUTOSELECT: 'YES',
    FORCED: kind === 'forced' ? 'YES' : 'NO',
    CHARACTERISTICS: kind === 'sdh' ? { quoted: forDeaf } : undefined,
    URI: { quoted: `${folder}${name}/index.m3u8` },
  });
}
