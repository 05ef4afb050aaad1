import { makePlan } from '../../worker/src/plan/make-plan.ts';
import type { Plan, VideoPlan } from '../../worker/src/plan/plan.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import type { Settings } from '../../worker/src/settings/settings.ts';
import type { EncodingWork } from './speeds.ts';

/** The film that costs are computed for: two hours of 1080p at 30 frames a second and 8 Mb/s, with stereo audio, in an MP4 file. */
export const referenceFilm = {
  durationSeconds: 7200,
  width: 1920,
  height: 1080,
  frameRate: { num: 30, den: 1 },
  bitrate: 8_000_000,
} as const;

export const referenceBytes = (referenceFilm.durationSeconds * referenceFilm.bitrate) / 8;

const media: Media = {
  format: 'mov,mp4,m4a,3gp,3g2,mj2',
  indexed: true,
  durationSeconds: referenceFilm.durationSeconds,
  startSeconds: 0,
  sizeBytes: referenceBytes,
  streamCount: 2,
  encrypted: false,
  video: {
    index: 0,
    codec: 'h264',
    profile: 'High',
    pixelFormat: 'yuv420p',
    bitDepth: 8,
    width: referenceFilm.width,
    height: referenceFilm.height,
    pixelAspect: { num: 1, den: 1 },
    rotation: 0,
    frameRate: referenceFilm.frameRate,
    variableFrameRate: false,
    roundedTimestamps: false,
    interlaced: false,
    hasCaptions: false,
    startSeconds: 0,
    durationSeconds: referenceFilm.durationSeconds,
  },
  audio: [
    {
      index: 1,
      codec: 'aac',
      channels: 2,
      channelLayout: 'stereo',
      sampleRate: 48_000,
      default: true,
      startSeconds: 0,
      durationSeconds: referenceFilm.durationSeconds,
    },
  ],
  leftOut: [],
};

export type FilmPlan = Plan & { video: VideoPlan };

/** What the worker's own planner makes of the film on a farm. */
export function planReferenceFilm(
  { encoding }: Pick<Settings, 'encoding'>,
  kind: 'fargate' | 'gpu',
): FilmPlan {
  const encoder =
    kind === 'gpu'
      ? ({ name: 'nvenc', preset: encoding.nvencPreset } as const)
      : ({ name: 'x264', preset: encoding.x264Preset } as const);
  const { video, ...plan } = makePlan(media, { sourceVersion: 'any', encoding, encoder, software: 'any' });
  if (!video) throw new TypeError('The film was to have a picture.');
  return { ...plan, video };
}

/** What there is to encode in each second of it. */
export function workOf({ video }: FilmPlan): EncodingWork {
  return {
    sourcePixels: referenceFilm.width * referenceFilm.height,
    framesPerSecond: video.frameRate.num / video.frameRate.den,
    renditions: video.renditions,
    preset: video.encoder.preset,
  };
}

/** Bytes of all renditions at the ladder's target bitrates; films that are easy to encode come out smaller. */
export function publishedBytes({ video, audio, durationSeconds }: FilmPlan): number {
  const bits = [...video.renditions, ...audio].reduce((sum, { bitrate }) => sum + bitrate, 0);
  return (bits * durationSeconds) / 8;
}
