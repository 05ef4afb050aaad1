import { type Environment, environmentSchema } from './environment.ts';

const encodingVariables = {
  ENCODER: true,
  X264_PRESET: true,
  NVENC_PRESET: true,
  EXPECTED_VIEWS: true,
  VIEW_PRESETS: true,
  LADDER: true,
  INCLUDE_480P: true,
  QUALITY: true,
  QUALITY_TABLE: true,
  PER_FILM_QUALITY: true,
  SEGMENT_SECONDS: true,
  SEGMENT_FORMAT: true,
  DEINTERLACE: true,
  LOUDNESS: true,
  THUMBNAIL_AT: true,
  PART_SECONDS: true,
  STALL_SECONDS: true,
} as const satisfies Partial<Record<keyof Environment, true>>;

/** How films are encoded, of the environment of a worker that is not there yet. @throws what its schema throws */
export function readEncoding(variables: Readonly<Record<string, string | undefined>>): EncodingSettings {
  return encodingOf(environmentSchema.pick(encodingVariables).parse(variables));
}

export type EncodingSettings = ReturnType<typeof encodingOf>;

/** How films are encoded. */
export function encodingOf(env: Pick<Environment, keyof typeof encodingVariables>) {
  return {
    encoder: env.ENCODER,
    x264Preset: env.X264_PRESET,
    nvencPreset: env.NVENC_PRESET,
    expectedViews: env.EXPECTED_VIEWS,
    viewPresets: env.VIEW_PRESETS,
    ladder: env.LADDER,
    include480p: env.INCLUDE_480P,
    quality: env.QUALITY,
    qualityTable: env.QUALITY_TABLE,
    perFilmQuality: env.PER_FILM_QUALITY || undefined,
    segmentSeconds: env.SEGMENT_SECONDS,
    segmentFormat: env.SEGMENT_FORMAT,
    deinterlace: env.DEINTERLACE,
    loudness: env.LOUDNESS,
    thumbnailAt: env.THUMBNAIL_AT,
    partSeconds: env.PART_SECONDS,
    stallSeconds: env.STALL_SECONDS,
  };
}
