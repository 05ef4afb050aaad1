import { extname } from 'node:path/posix';

/** Headers that a published object is stored with. */
export interface ObjectHeaders {
  contentType: string;
  cacheControl: string;
}

/**
 * Content types by extension. Apple's HLS authoring specification 10.4 (FairPlay streaming aside): playlists
 * `application/vnd.apple.mpegurl`, MPEG-TS `video/mp2t`, fMP4 `video/mp4` or `video/iso.segment`; RFC 8216 section 4. ISO/IEC 23009-1 for the manifest.
 */
const contentTypes: Readonly<Record<string, string>> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mpd': 'application/dash+xml',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  // A part of a WebM file.
  '.ivf': 'video/x-ivf',
  '.m4a': 'audio/mp4',
  '.mp3': 'audio/mpeg',
  '.flac': 'audio/flac',
  '.gif': 'image/gif',
  '.ts': 'video/mp2t',
  '.jpg': 'image/jpeg',
  '.vtt': 'text/vtt; charset=utf-8',
  '.json': 'application/json',
};

/** Names under `<plan>/` hold a hash of all that shapes their content, so they never change: a year, RFC 8246. */
const forever = 'public, max-age=31536000, immutable';
/** A new commit replaces the multivariant playlist and the manifest; viewers should see it within a minute. */
const short = 'public, max-age=60';
const never = 'no-cache';

/**
 * Content type and cache lifetime of a published file, by its name.
 * @param audio whether the file belongs to an audio rendition: its fMP4 is `audio/mp4`
 * @throws TypeError for an extension that is never published
 */
export function headersFor(name: string, audio = false): ObjectHeaders {
  const extension = extname(name);
  const contentType = contentTypes[extension];
  if (contentType === undefined) {
    throw new TypeError(
      `No content type is known for "${name}": expected ${Object.keys(contentTypes).join(', ')}.`,
    );
  }
  return {
    contentType: audio && (extension === '.m4s' || extension === '.mp4') ? 'audio/mp4' : contentType,
    cacheControl: cacheControlFor(extension),
  };
}

function cacheControlFor(extension: string): string {
  if (extension === '.json') return never;
  return ['.m3u8', '.mpd', '.vtt'].includes(extension) ? short : forever;
}
