import type { VideoEncoder, VideoRendition } from '../plan/plan.ts';

/** Quality that the rate control aims at below the rendition's bitrate; x264's own default. */
const constantRateFactor = '23';

/**
 * Arguments of an H.264 encoder for one rendition. Both encoders aim at a quality and are capped by the rendition's
 * bitrate: easy films come out smaller, and a part does not depend on what the parts before it have spent.
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
    ...['-c:v', 'libx264', '-preset', preset, '-crf', constantRateFactor, ...limits(rendition)],
    // Keyframes only where they are told, the same on every rung.
    ...['-sc_threshold', '0'],
  ],
  nvenc: (preset, rendition) => [
    ...['-c:v', 'h264_nvenc', '-preset', preset, '-tune', 'hq', '-rc', 'vbr', '-cq', constantRateFactor],
    ...['-b:v', String(rendition.bitrate), ...limits(rendition)],
    ...['-bf', '3', '-b_ref_mode', 'middle', '-spatial-aq', '1', '-temporal-aq', '1', '-rc-lookahead', '20'],
    // Forced keyframes are plain I-frames without forced-idr, and look-ahead adds scene cuts without no-scenecut.
    ...['-forced-idr', '1', '-no-scenecut', '1', '-strict_gop', '1'],
  ],
};

function limits(rendition: VideoRendition): string[] {
  return [
    ...['-maxrate', String(rendition.maxBitrate), '-bufsize', String(rendition.bufferSize)],
    ...['-profile:v', rendition.profile, '-level:v', rendition.level],
  ];
}
