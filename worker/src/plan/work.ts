/** What there is to do for a second of a film. */
export interface EncodingWork {
  /** Pixels of a frame of the source. */
  sourcePixels: number;
  framesPerSecond: number;
  /** All rungs, the largest first. */
  renditions: readonly { width: number; height: number }[];
  /** Of the encoder: x264's or NVENC's. */
  preset: string;
}

/**
 * CPU time of x264 `veryfast`, in seconds for a million pixels: what the source costs to decode and what each rung costs to scale and encode.
 *
 * docs/performance.md has 10 s of a 1080p film at 30 frames per second: each rung alone takes 16.2, 10.6, 8.4, 6.8 and 6.2 s of CPU, all
 * five together 28.1 s. A line through the largest and the smallest alone leaves 5.7 s for decoding 622 million pixels; the rest of the
 * 28.1 s is for the 1,154 million pixels that came out.
 */
const x264 = { decodeSeconds: 5.7 / 622.08, encodeSeconds: (28.1 - 5.7) / 1153.83 };

/**
 * CPU time of the encoder with other presets, `veryfast` being 1: docs/performance.md, "Presets". Decoding takes as long with all of them.
 */
export const x264PresetEffort: Readonly<Record<string, number>> = {
  ultrafast: 0.27,
  superfast: 0.6,
  veryfast: 1,
  faster: 1.9,
  fast: 2.3,
  medium: 2.5,
  slow: 3.8,
  slower: 5.8,
  veryslow: 7.8,
};

/** Of the vCPUs' time: between parts, and while the largest rung's threads wait for each other, some of it goes unused. An assumption. */
export const x264Utilisation = 0.85;

/** CPU seconds of x264 for a second of film, on the machine of docs/performance.md. */
export function x264CpuSeconds({ sourcePixels, framesPerSecond, renditions, preset }: EncodingWork): number {
  const decoding = sourcePixels * x264.decodeSeconds;
  const encoding = pixelsOf(renditions) * x264.encodeSeconds * (x264PresetEffort[preset] ?? 1);
  return (framesPerSecond * (decoding + encoding)) / 1_000_000;
}

/**
 * CPU seconds of VP9 for a second of film, as WebM files are encoded: decoding, and 7.0 s for 92.2 million pixels
 * (docs/formats.md), which is four times as long as x264 `veryfast` takes.
 */
export function vp9CpuSeconds({
  sourcePixels,
  framesPerSecond,
  renditions,
}: Omit<EncodingWork, 'preset'>): number {
  const decoding = sourcePixels * x264.decodeSeconds;
  const encoding = (pixelsOf(renditions) * 7.0) / 92.16;
  return (framesPerSecond * (decoding + encoding)) / 1_000_000;
}

export function pixelsOf(renditions: EncodingWork['renditions']): number {
  return renditions.reduce((sum, { width, height }) => sum + width * height, 0);
}
