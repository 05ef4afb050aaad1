import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../../worker/src/errors.ts';
import type { Media } from '../../../worker/src/probe/media.ts';
import { refuse } from '../../../worker/src/probe/refuse.ts';
import { film, readMedia, videoStream } from '../../helpers/media/media.ts';

const limits = { durationSeconds: 3600, pixels: 8_294_400, streams: 8 };

const refused: [what: string, media: Media, code: string, message: string][] = [
  [
    'a picture',
    film({ format: 'png_pipe' }),
    'not-media',
    'The file is a picture, not a film. Upload the film itself.',
  ],
  [
    'neither picture nor sound',
    film({ video: undefined, audio: [] }),
    'no-streams',
    'The file has neither picture nor sound. Upload the film itself.',
  ],
  [
    'sound that cannot be decoded alone',
    film({ video: undefined, audio: [], leftOut: ["audio stream 0 (ac4) can't be decoded"] }),
    'no-streams',
    "The file has neither picture nor sound that can be decoded: audio stream 0 (ac4) can't be decoded. It is damaged or encrypted, or in a format that ffmpeg does not know.",
  ],
  [
    'an encrypted film',
    readMedia('encrypted.mp4'),
    'encrypted',
    'The film is encrypted (DRM or Common Encryption), so it cannot be read. Upload a copy without encryption.',
  ],
  [
    'a picture without decoder',
    film({ video: videoStream({ pixelFormat: '', codec: 'vvc' }) }),
    'no-decoder',
    'The picture is in the format vvc, which the farm cannot decode. Convert it to H.264 or HEVC, or export it again so.',
  ],
  [
    'a picture of a codec that has no name',
    film({ video: videoStream({ pixelFormat: '', codec: 'unknown' }) }),
    'no-decoder',
    'The picture is in a format that ffmpeg does not know, which the farm cannot decode. Convert it to H.264 or HEVC, or export it again so.',
  ],
  [
    'a header with nothing behind it that decodes',
    film({ video: videoStream({ pixelFormat: '', codec: 'h264' }) }),
    'damaged',
    "The film's header is whole, but none of its picture (h264) can be decoded: what follows is empty, damaged or encrypted. Check that it plays, and upload it again.",
  ],
  [
    'a picture of no size',
    film({ video: videoStream({ width: 0, height: 0 }) }),
    'bad-size',
    "The picture's size cannot be read: it is broken, or over the 8294400 pixels that are allowed (MAX_PIXELS).",
  ],
  [
    'a line',
    film({ video: videoStream({ width: 1920, height: 1 }) }),
    'bad-size',
    'The picture is 1920x1; 2x2 is the smallest allowed.',
  ],
  [
    'too many pixels',
    film({ video: videoStream({ width: 16000, height: 16000, pixelFormat: '' }) }),
    'too-many-pixels',
    'The picture is 16000x16000, 256000000 pixels; 8294400 are allowed (MAX_PIXELS).',
  ],
  [
    'too many streams',
    film({ streamCount: 61 }),
    'too-many-streams',
    'The film has 61 streams; 8 are allowed (MAX_STREAMS). Leave some out, for example with: ffmpeg -i FILE -map 0:v:0 -map 0:a -c copy film.mkv',
  ],
  [
    'no duration',
    readMedia('no-duration.webm'),
    'no-duration',
    'The file does not say how long it is. Copy it into a whole file first, for example with: ffmpeg -i FILM -c copy film.mp4',
  ],
  [
    'a duration that is no number',
    film({ durationSeconds: Number.NaN }),
    'no-duration',
    'The file does not say how long it is. Copy it into a whole file first, for example with: ffmpeg -i FILM -c copy film.mp4',
  ],
  [
    'too long a film',
    film({ durationSeconds: 7509.4 }),
    'too-long',
    'The film lasts 2:05:09; 1:00:00 is allowed (setting maxDurationSeconds, MAX_DURATION_SECONDS).',
  ],
];

describe('refuse', () => {
  it.each(refused)('refuses %s', (_, media, code, message) => {
    const error = caught(() => refuse(media, limits));
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ code, message });
  });

  it.each(['plain.mp4', 'silent.mp4', 'sound-only.m4a', 'sound-with-cover.m4a', 'timecode.mov'])(
    'lets %s pass',
    (clip) => {
      expect(() => refuse(readMedia(clip), limits)).not.toThrow();
    },
  );

  it('lets a film pass that has exactly what is allowed', () => {
    const video = videoStream({ width: 3840, height: 2160 });
    expect(() => refuse(film({ video, durationSeconds: 3600, streamCount: 8 }), limits)).not.toThrow();
  });
});

function caught(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
