import type { VideoStream } from '../probe/media.ts';
import { h264Level } from './h264.ts';
import { highFrameRateFactor } from './ladder.ts';
import type { VideoEncoder, VideoPlan, VideoRendition } from './plan.ts';
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
export function choosePath(video: VideoStream, encoder: VideoEncoder, gpuDecodes = true): VideoPlan['path'] {
  if (encoder.name === 'x264') return 'cpu';
  return gpuDecodes && decodesOnGpu(video) && !needsCpuFilters(video) ? 'gpu' : 'upload';
}

function decodesOnGpu({ codec, profile, pixelFormat, width, height }: VideoStream): boolean {
  const able = nvdec[codec];
  if (!able?.pixelFormats.includes(pixelFormat)) return false;
  if (codec === 'h264' && profile === 'Extended') return false;
  return Math.min(width, height) >= able.smallest && Math.max(width, height) <= able.largest;
}

function needsCpuFilters(video: VideoStream): boolean {
  const odd = video.width % 2 !== 0 || video.height % 2 !== 0;
  // scale_cuda does not turn full range into the limited range that players expect.
  const fullRange = video.colorRange === 'pc';
  return odd || fullRange || video.interlaced || video.rotation !== 0 || video.hdr !== undefined;
}

/**
 * Filters on the CPU, before the ladder. Fields are joined first, as every other filter would mix them. The pixel that
 * makes a side odd is cut off where zscale refuses it and where an upload to the GPU would lose its colour.
 */
export function prepareFilters(video: VideoStream, path: VideoPlan['path']): string[] {
  const odd = video.width % 2 !== 0 || video.height % 2 !== 0;
  return [
    ...(video.interlaced ? ['bwdif=mode=send_frame'] : []),
    ...(odd && (video.hdr || path === 'upload') ? ['crop=trunc(iw/2)*2:trunc(ih/2)*2'] : []),
    ...(video.hdr ? toneMap(video, video.hdr) : []),
  ];
}

const transferNames = { pq: 'smpte2084', hlg: 'arib-std-b67' };

/**
 * HDR to SDR by Hable's curve at 100 nits, in linear light. The film's colours are said first, as zscale fails where the
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
    'tonemap=tonemap=hable:desat=0',
    'zscale=t=bt709:m=bt709:r=tv',
    'format=yuv420p',
  ];
}

/** What a peak may be over the target; the specification wants at most 2 (Apple's HLS authoring specification, 1.30). */
const peakFactor = 1.5;

/** Two seconds of the target: with the peak above, a segment of 6 s stays under 1.9 times the average. */
const bufferSeconds = 2;

/**
 * How bitrate follows the number of pixels at equal quality: to the power of three quarters (Ben Waggoner's rule,
 * "Compression for Great Video and Audio", 2nd edition, chapter 6).
 */
const pixelExponent = 0.75;

export function planRenditions(
  rungs: readonly SizedRung[],
  { frameRate }: Pick<VideoPlan, 'frameRate'>,
): VideoRendition[] {
  const rateFactor = frameRate.num / frameRate.den > 30 ? highFrameRateFactor : 1;
  return rungs.map((rung) => {
    const boxPixels = (rung.shortSide * rung.shortSide * 16) / 9;
    const shapeFactor = Math.min(1, (rung.width * rung.height) / boxPixels) ** pixelExponent;
    const bitrate = Math.max(lowestBitrate, roundTo(1000, rung.bitrate * rateFactor * shapeFactor));
    const rates = { bitrate, maxBitrate: bitrate * peakFactor, bufferSize: bitrate * bufferSeconds };
    const { name, width, height } = rung;
    return {
      name,
      width,
      height,
      ...rates,
      profile: 'high',
      level: h264Level({ width, height, frameRate, ...rates }),
    };
  });
}

/** Less than this is no picture at any size. */
const lowestBitrate = 50_000;

function roundTo(step: number, value: number): number {
  return Math.round(value / step) * step;
}

/** NVENC takes no smaller pictures (H.264 on Turing and later). */
export const nvencSmallest = { width: 146, height: 50 };
