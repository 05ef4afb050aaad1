import { RefusedError } from '../errors.ts';
import type { VideoStream } from '../probe/media.ts';
import { encoderQuality } from './encoder-quality.ts';
import { showsFields } from './frame-timing.ts';
import { h264Level } from './h264.ts';
import { highFrameRateFactor, pixelExponent } from './ladder.ts';
import type { OwnQuality } from './own-quality.ts';
import type { Deinterlace, VideoEncoder, VideoPlan, VideoRendition } from './plan.ts';
import { defaultQuality, type Quality } from './quality.ts';
import type { SizedRung } from './sizes.ts';

/**
 * What NVDEC of every GPU since Turing decodes into frames that `scale_cuda` takes: 8-bit 4:2:0, and 10-bit for HEVC and VP9.
 * `largest` is the longest side. AV1 is decoded by Ampere and later: on a T4 the try on the film
 * itself fails, and the CPU decodes it. H.264 in 10 bits or 4:2:2 is
 * Blackwell's only. NVIDIA Video Codec SDK 13.0, NVDEC application note, table 1.
 */
const nvdec: Record<string, { pixelFormats: string[]; smallest: number; largest: number }> = {
  h264: { pixelFormats: ['yuv420p'], smallest: 64, largest: 4096 },
  hevc: { pixelFormats: ['yuv420p', 'yuv420p10le'], smallest: 144, largest: 8192 },
  vp9: { pixelFormats: ['yuv420p', 'yuv420p10le'], smallest: 144, largest: 8192 },
  vp8: { pixelFormats: ['yuv420p'], smallest: 64, largest: 4096 },
  av1: { pixelFormats: ['yuv420p', 'yuv420p10le'], smallest: 128, largest: 8192 },
  mpeg2video: { pixelFormats: ['yuv420p'], smallest: 64, largest: 4080 },
};

/** Decided from the probe, and tried on the film before its plan is made (`tryGpuDecode`): CUDA frames and CPU filters don't mix, and autorotation skips CUDA frames. */
export function choosePath(
  video: VideoStream,
  encoder: VideoEncoder,
  { gpuDecodes = true, isDrawnOn = false }: { gpuDecodes?: boolean | undefined; isDrawnOn?: boolean } = {},
): VideoPlan['path'] {
  if (encoder.name === 'x264') return 'cpu';
  // libass draws in main memory.
  return gpuDecodes && !isDrawnOn && decodesOnGpu(video) && !needsCpuFilters(video) ? 'gpu' : 'upload';
}

function decodesOnGpu({ codec, profile, pixelFormat, width, height }: VideoStream): boolean {
  const able = nvdec[codec];
  // yuvj420p is ffmpeg's older name for yuv420p in full range.
  if (!able?.pixelFormats.includes(pixelFormat.replace('yuvj', 'yuv'))) return false;
  if (codec === 'h264' && profile === 'Extended') return false;
  return Math.min(width, height) >= able.smallest && Math.max(width, height) <= able.largest;
}

/** ffmpeg 7.1 and 9.0 have no CUDA filter that crops or maps HDR, and those that turn are not in every build. */
function needsCpuFilters(video: VideoStream): boolean {
  const odd = video.width % 2 !== 0 || video.height % 2 !== 0;
  // colorspace_cuda takes 8 bits alone.
  const deepFullRange = isFullRange(video) && video.bitDepth > 8;
  const cropped = video.croppedByContainer === true;
  return odd || cropped || deepFullRange || video.rotation !== 0 || video.hdr !== undefined;
}

function isFullRange({ colorRange, pixelFormat }: VideoStream): boolean {
  return colorRange === 'pc' || pixelFormat.startsWith('yuvj');
}

/**
 * Filters on frames in video memory. Those of Debian's ffmpeg 7.1, which the image has; an ffmpeg without them refuses the
 * try on the film, and the CPU does it (`tryGpuDecode`). scale_cuda does not turn full range into limited range.
 */
function prepareOnGpu(video: VideoStream, bwdifMode: string): string[] {
  return [
    ...(video.interlaced ? [`bwdif_cuda=mode=${bwdifMode}`] : []),
    ...(isFullRange(video) ? ['colorspace_cuda=range=tv'] : []),
  ];
}

/**
 * Filters before the ladder, on the CPU but for the path `gpu`. Fields are joined first, as every other filter would mix them. The pixel that
 * makes a side odd is cut off where zscale refuses it and where an upload to the GPU would lose its colour.
 */
export function prepareFilters(
  video: VideoStream,
  path: VideoPlan['path'],
  deinterlace: Deinterlace = 'fields',
): string[] {
  const bwdifMode = showsFields(video, deinterlace) ? 'send_field' : 'send_frame';
  if (path === 'gpu') return prepareOnGpu(video, bwdifMode);
  const odd = video.width % 2 !== 0 || video.height % 2 !== 0;
  const filters = [
    ...(video.interlaced ? [`bwdif=mode=${bwdifMode}`] : []),
    ...(odd && (video.hdr || path === 'upload') ? ['crop=trunc(iw/2)*2:trunc(ih/2)*2'] : []),
    ...(video.hdr ? toneMap(video, video.hdr) : []),
  ];
  // These filters keep the size that they begin with, where scaling takes every size that comes.
  return filters.length > 0 ? [`scale=${turnedSize(video)}`, ...filters] : [];
}

/** As frames leave ffmpeg's own rotation. */
function turnedSize({ width, height, rotation }: VideoStream): string {
  return rotation % 180 === 0 ? `${width}:${height}` : `${height}:${width}`;
}

const transferNames = { pq: 'smpte2084', hlg: 'arib-std-b67' };

/**
 * White of 203 nits, where graphics and faces are, comes out at Y 217 as BT.2408 has it; what is brighter is bent softly.
 * PQ films are mastered to 4000 nits at most, HLG is taken at 1000; in units of 100 nits. The film's own metadata is not
 * asked: it is often missing or wrong, and two parts must not differ.
 */
const curves = { pq: 'mobius:param=0.3:peak=40', hlg: 'mobius:param=0.3:peak=10' };

/**
 * HDR to SDR at 100 nits, in linear light. The film's colours are said first, as zscale fails where the
 * file leaves one out; BT.2020 is what HDR films have.
 */
function toneMap({ colorPrimaries, colorSpace, colorRange }: VideoStream, hdr: 'pq' | 'hlg'): string[] {
  const primaries = colorPrimaries === 'smpte432' ? 'smpte432' : 'bt2020';
  const matrix = colorSpace === 'bt2020c' ? 'bt2020c' : 'bt2020nc';
  const range = colorRange === 'pc' ? 'pc' : 'tv';
  return [
    `setparams=color_primaries=${primaries}:color_trc=${transferNames[hdr]}:colorspace=${matrix}:range=${range}`,
    'zscale=t=linear:npl=100',
    'format=gbrpf32le',
    'zscale=p=bt709',
    `tonemap=tonemap=${curves[hdr]}:desat=0`,
    // Whole numbers cut off what BT.709 can't show, before it would bend the colours that it can.
    'zscale=t=bt709:r=pc',
    'format=gbrp10le',
    'zscale=m=bt709:r=tv',
    'format=yuv420p',
  ];
}

/** Seconds of the bitrate that the buffer holds: a segment of 6 s stays under 1.6 times the average that is allowed. */
const bufferSeconds = 3;

export function planRenditions(
  rungs: readonly SizedRung[],
  { frameRate }: Pick<VideoPlan, 'frameRate'>,
  {
    encoder,
    quality = defaultQuality,
    qualityTable,
  }: { encoder: VideoEncoder; quality?: Quality | undefined; qualityTable?: OwnQuality | undefined },
): VideoRendition[] {
  const rateFactor = frameRate.num / frameRate.den > 30 ? highFrameRateFactor : 1;
  return rungs.map((rung) => {
    const boxPixels = (rung.shortSide * rung.shortSide * 16) / 9;
    const shapeFactor = Math.min(1, (rung.width * rung.height) / boxPixels) ** pixelExponent;
    const bitrate = Math.max(lowestBitrate, roundTo(1000, rung.bitrate * rateFactor * shapeFactor));
    const rates = { bitrate, bufferSize: bitrate * bufferSeconds };
    const { name, width, height } = rung;
    return {
      name,
      width,
      height,
      quality: encoderQuality(encoder, quality, qualityTable),
      ...rates,
      profile: 'high',
      level: h264Level({ width, height, frameRate, ...rates }),
    };
  });
}

/** Less than this is not a picture at any size. */
const lowestBitrate = 50_000;

function roundTo(step: number, value: number): number {
  return Math.round(value / step) * step;
}

/**
 * The rungs that the encoder takes.
 * @throws RefusedError `too-small` where that is none
 */
export function encodableRungs(rungs: readonly SizedRung[], encoder: VideoEncoder): readonly SizedRung[] {
  const [largest] = rungs;
  if (encoder.name === 'x264' || largest === undefined) return rungs;
  if (!fitsNvenc(largest)) {
    throw new RefusedError(
      'too-small',
      `The picture is ${largest.width}x${largest.height}; NVENC encodes none smaller than ${nvencSmallest.width}x${nvencSmallest.height}. Use a farm with the x264 encoder.`,
    );
  }
  // A tall film's smaller rungs are too narrow for NVENC: the larger ones are the film.
  return rungs.filter(fitsNvenc);
}

function fitsNvenc({ width, height }: SizedRung): boolean {
  return width >= nvencSmallest.width && height >= nvencSmallest.height;
}

/** NVENC takes no smaller pictures (H.264 on Turing and later). */
const nvencSmallest = { width: 146, height: 50 };
