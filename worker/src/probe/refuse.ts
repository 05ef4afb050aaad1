import { RefusedError } from '../errors.ts';
import { maxStretches } from './clock.ts';
import { describeKind, isPictureFormat } from './file-kinds.ts';
import type { Media } from './media.ts';

export interface MediaLimits {
  durationSeconds: number;
  /** Of one frame. */
  pixels: number;
  /** In the file. */
  streams: number;
}

/**
 * Says no before any encoder time is spent.
 * @throws RefusedError with the code `not-media`, `no-streams`, `encrypted`, `no-decoder`, `damaged`, `bad-size`,
 * `no-duration`, `too-long`, `too-many-pixels` or `too-many-streams`
 */
export function refuse(media: Media, limits: MediaLimits): void {
  refuseStreams(media, limits);
  refuseDuration(media, limits);
}

export const leaveStreamsOut =
  'Leave some out, for example with: ffmpeg -i FILE -map 0:v:0 -map 0:a -c copy film.mkv';

/** All of it but the duration, which is sometimes only known after the whole file was read. */
export function refuseStreams(media: Media, limits: MediaLimits): void {
  const { video, audio } = media;
  if (isPictureFormat(media.format)) throw new RefusedError('not-media', describeKind(media.format));
  if (media.streamCount > limits.streams)
    throw new RefusedError(
      'too-many-streams',
      `The film has ${media.streamCount} streams; ${limits.streams} are allowed (MAX_STREAMS). ${leaveStreamsOut}`,
    );
  if (media.encrypted)
    throw new RefusedError(
      'encrypted',
      'The film is encrypted (DRM or Common Encryption), so it cannot be read. Upload a copy without encryption.',
    );
  if (!video && audio.length === 0)
    throw new RefusedError(
      'no-streams',
      media.leftOut.length > 0
        ? `The file has neither picture nor sound that can be decoded: ${media.leftOut.join('; ')}. ` +
            'It is damaged or encrypted, or in a format that ffmpeg does not know.'
        : 'The file has neither picture nor sound. Upload the film itself.',
    );
  if (video) refuseVideo(video, limits);
}

export function refuseDuration(media: Pick<Media, 'durationSeconds' | 'clock'>, limits: MediaLimits): void {
  if (!(media.durationSeconds > 0))
    throw new RefusedError(
      'no-duration',
      'The file does not say how long it is. Copy it into a whole file first, for example with: ffmpeg -i FILM -c copy film.mp4',
    );
  if (media.clock && media.clock.length > maxStretches)
    throw new RefusedError(
      'clock-jumps',
      `The recording's clock jumps ${media.clock.length - 1} times; ${maxStretches - 1} jumps are allowed. ` +
        'Give it one clock first, for example with: ffmpeg -i FILM -c copy film.mp4',
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
      `The picture's size cannot be read: it is broken, or over the ${limits.pixels} pixels that are allowed (MAX_PIXELS).`,
    );
  if (width < 2 || height < 2)
    throw new RefusedError('bad-size', `The picture is ${width}x${height}; 2x2 is the smallest allowed.`);
  if (width * height > limits.pixels)
    throw new RefusedError(
      'too-many-pixels',
      `The picture is ${width}x${height}, ${width * height} pixels; ${limits.pixels} are allowed (MAX_PIXELS).`,
    );
  if (!video.pixelFormat) throw undecodable(video.codec);
  if (video.dolbyVisionOnly !== undefined)
    throw new RefusedError(
      'dolby-vision',
      `The film is in Dolby Vision profile ${video.dolbyVisionOnly}, whose colours only a Dolby Vision display can show. ` +
        'Export it again as HDR10, HLG or SDR, or in Dolby Vision profile 8.',
    );
}

/** Formats that every ffmpeg can decode: where it can't, the film's data is at fault. */
const alwaysDecodable =
  /^(h26[134]|hevc|mpeg[124]video|mpeg4|vp[89]|prores|dnxhd|mjpeg|theora|vc1|wmv[123]|dvvideo|flv1)$/;

function undecodable(codec: string): RefusedError {
  if (alwaysDecodable.test(codec)) {
    return new RefusedError(
      'damaged',
      `The film's header is whole, but none of its picture (${codec}) can be decoded: what follows is empty, damaged or encrypted. ` +
        'Check that it plays, and upload it again.',
    );
  }
  const what = codec === 'unknown' ? 'in a format that ffmpeg does not know' : `in the format ${codec}`;
  return new RefusedError(
    'no-decoder',
    `The picture is ${what}, which the farm cannot decode. Convert it to H.264 or HEVC, or export it again so.`,
  );
}

/** 3:05:09 */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return [hours, minutes, whole % 60].map((part, n) => (n ? String(part).padStart(2, '0') : part)).join(':');
}
