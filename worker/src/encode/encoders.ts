import type { VideoEncoder, VideoRendition } from '../plan/plan.ts';

/** What plans of older workers meant, which name no quality. */
const olderQuality = { x264: 23, nvenc: 27 } as const;

/** Part of the buffer that is full when a part begins, in seconds of its bitrate: what a short film may exceed it by. */
const startSeconds = 0.5;

/**
 * Arguments of an H.264 encoder for one rendition. Both encoders aim at a quality, and the rendition's bitrate caps the
 * average: easy films come out smaller, and a part does not depend on what the parts before it have spent.
 */
export function encoderArguments(encoder: VideoEncoder, rendition: VideoRendition): string[] {
  const threads =
    encoder.name === 'x264' && encoder.threads ? threadArguments(encoder.threads, rendition) : [];
  return [...encoderTable[encoder.name](encoder.preset, rendition), ...threads];
}

/** As x264 itself does: no more than one thread for two rows of macroblocks (encoder.c, validate_parameters). */
function threadArguments(threads: number, { height }: VideoRendition): string[] {
  const rows = Math.ceil(height / 16);
  return ['-threads', String(Math.min(threads, Math.max(1, Math.floor(rows / 2))))];
}

const encoderTable: Record<VideoEncoder['name'], (preset: string, rendition: VideoRendition) => string[]> = {
  x264: (preset, rendition) => [
    ...[
      '-c:v',
      'libx264',
      '-preset',
      preset,
      '-crf',
      String(rendition.quality ?? olderQuality.x264),
      ...limits(rendition),
    ],
    // No aq-mode 3, longer lookahead or `tune film`: they save bits on made films and cost some on real ones (docs/quality.md).
    // Keyframes only where the plan has them, the same on every rung; those at cuts would cost 0.8 to 2.5 % more bits.
    ...['-sc_threshold', '0'],
  ],
  nvenc: (preset, rendition) => [
    ...['-c:v', 'h264_nvenc', '-preset', preset, '-tune', 'hq', '-rc', 'vbr'],
    ...['-cq', String(rendition.quality ?? olderQuality.nvenc)],
    // With a quality to aim at, nvenc.c ignores its target and its buffer: only the largest rate counts.
    ...['-b:v', '0', '-maxrate', String(rendition.bitrate), ...kind(rendition)],
    ...['-bf', '3', '-b_ref_mode', 'middle', '-spatial-aq', '1', '-temporal-aq', '1', '-rc-lookahead', '20'],
    // Forced keyframes are plain I-frames without forced-idr, and look-ahead adds scene cuts without no-scenecut.
    ...['-forced-idr', '1', '-no-scenecut', '1', '-strict_gop', '1'],
  ],
};

function limits(rendition: VideoRendition): string[] {
  const { bitrate, bufferSize } = rendition;
  return [
    ...['-maxrate', String(bitrate), '-bufsize', String(bufferSize)],
    ...['-rc_init_occupancy', String(Math.round(bitrate * startSeconds)), ...kind(rendition)],
  ];
}

function kind({ profile, level }: VideoRendition): string[] {
  return ['-profile:v', profile, '-level:v', level];
}
