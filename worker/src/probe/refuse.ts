import { RefusedError } from '../errors.ts';
import type { Media } from './media.ts';

export interface MediaLimits {
  durationSeconds: number;
  /** Of one frame. */
  pixels: number;
  /** In the file. */
  streams: number;
}

/** Demuxers of single pictures and of moving pictures that are no films. */
const pictureFormats = /(_pipe|^image2|^gif$|^apng$)/;

/**
 * Says no before any encoder time is spent.
 * @throws RefusedError with the code `not-media`, `no-streams`, `encrypted`, `no-decoder`, `bad-size`, `no-duration`,
 * `too-long`, `too-many-pixels` or `too-many-streams`
 */
export function refuse(media: Media, limits: MediaLimits): void {
  refuseStreams(media, limits);
  refuseDuration(media, limits);
}

/** All of it but the duration, which is sometimes only known after the whole file was read. */
export function refuseStreams(media: Media, limits: MediaLimits): void {
  const { video, audio } = media;
  if (pictureFormats.test(media.format))
    throw new RefusedError('not-media', `The file is a picture (${media.format}), not a film.`);
  if (media.streamCount > limits.streams)
    throw new RefusedError(
      'too-many-streams',
      `The film has ${media.streamCount} streams; ${limits.streams} are allowed (MAX_STREAMS).`,
    );
  if (media.encrypted)
    throw new RefusedError(
      'encrypted',
      'The film is encrypted (Common Encryption), so its pictures can not be read. Send it without encryption.',
    );
  if (!video && audio.length === 0)
    throw new RefusedError(
      'no-streams',
      media.leftOut.length > 0
        ? `The file has neither picture nor sound that can be decoded: ${media.leftOut.join('; ')}.`
        : 'The file has neither picture nor sound.',
    );
  if (video) refuseVideo(video, limits);
}

export function refuseDuration(media: Media, limits: MediaLimits): void {
  if (!(media.durationSeconds > 0))
    throw new RefusedError(
      'no-duration',
      'The file does not tell how long it is. Copy it into a whole file first, for example with: ffmpeg -i FILM -c copy film.mp4',
    );
  if (media.durationSeconds > limits.durationSeconds)
    throw new RefusedError(
      'too-long',
      `The film lasts ${clock(media.durationSeconds)}; ${clock(limits.durationSeconds)} is allowed (setting maxDurationSeconds, MAX_DURATION_SECONDS).`,
    );
}

function refuseVideo(video: NonNullable<Media['video']>, limits: MediaLimits): void {
  const { width, height } = video;
  // ffprobe gives no size to a picture that is larger than its decoder may make.
  if (width === 0 || height === 0)
    throw new RefusedError(
      'bad-size',
      `The picture's size can not be read: it is broken, or over the ${limits.pixels} pixels that are allowed (MAX_PIXELS).`,
    );
  if (width < 2 || height < 2)
    throw new RefusedError('bad-size', `The picture is ${width}x${height}; 2x2 is the smallest allowed.`);
  if (width * height > limits.pixels)
    throw new RefusedError(
      'too-many-pixels',
      `The picture is ${width}x${height}, ${width * height} pixels; ${limits.pixels} are allowed (MAX_PIXELS).`,
    );
  if (!video.pixelFormat)
    throw new RefusedError(
      'no-decoder',
      `The picture can not be decoded (codec ${video.codec}). Send it in a format such as H.264 or HEVC.`,
    );
}

/** 3:05:09 */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return [hours, minutes, whole % 60].map((part, n) => (n ? String(part).padStart(2, '0') : part)).join(':');
}
