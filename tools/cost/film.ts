import { makePlan } from '../../worker/src/plan/make-plan.ts';
import type { Plan, VideoEncoder, VideoPlan } from '../../worker/src/plan/plan.ts';
import { encoderForViews } from '../../worker/src/plan/view-presets.ts';
import type { Settings } from '../../worker/src/settings/settings.ts';
import { plainFilm } from './plain-film.ts';
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

const { durationSeconds, width, height, frameRate } = referenceFilm;
const media = plainFilm({
  durationSeconds,
  sizeBytes: referenceBytes,
  video: { width, height, frameRate },
});

export type FilmPlan = Plan & { video: VideoPlan };

/** What the worker's own planner makes of the film on a farm. */
export function planReferenceFilm(
  { encoding, functionLimits }: Pick<Settings, 'encoding'> & Partial<Pick<Settings, 'functionLimits'>>,
  name: VideoEncoder['name'],
): FilmPlan {
  const encoder =
    name === 'nvenc'
      ? ({ name, preset: encoding.nvencPreset } as const)
      : encoderForViews({ name, preset: encoding.x264Preset }, encoding);
  const { video, ...plan } = makePlan(media, {
    sourceVersion: 'any',
    encoding,
    encoder,
    software: 'any',
    functionLimits,
  });
  if (!video) throw new TypeError('The film was to have video.');
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
