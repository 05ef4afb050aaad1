import type { InstanceType } from '../infra/compute/instance-types.ts';

/** What there is to do for a second of a film. */
export interface EncodingWork {
  /** Pixels of a frame of the source. */
  sourcePixels: number;
  framesPerSecond: number;
  /** All rungs, the largest first. */
  renditions: readonly { width: number; height: number }[];
}

/** How quickly one worker encodes, and how that is known. */
export interface Speed {
  /** Seconds of film for each second of work. */
  filmSecondsPerSecond: number;
  /** `measured`: derived from a measurement of this farm's worker. `limit`: from the chip's published limit; no GPU was at hand. */
  basis: 'measured' | 'limit';
  /** Which part of the limit a worker is taken to reach, 0 to 1. */
  utilisation: number;
  /** The reckoning in a sentence. */
  how: string;
}

/**
 * CPU time of x264 `veryfast`, in seconds for a million pixels: what the source costs to decode and what each rung costs to scale and encode.
 *
 * docs/performance.md has 10 s of a 1080p film at 30 frames per second: each rung alone takes 34.0, 26.2, 18.1, 13.4 and 12.4 s of CPU, all
 * five together 61.0 s. A line through the largest and the smallest alone leaves 11.3 s for decoding 622 million pixels; the rest of the
 * 61.0 s is for the 1,154 million pixels that came out.
 */
const x264 = { decodeSeconds: 11.3 / 622.08, encodeSeconds: (61.0 - 11.3) / 1153.83 };

/** Of the vCPUs' time: between parts, and while the largest rung's threads wait for each other, some of it goes unused. An assumption. */
const x264Utilisation = 0.85;

/** @param vcpus of the task; a vCPU of Fargate is taken for one core of the machine of docs/performance.md */
export function x264Speed({ sourcePixels, framesPerSecond, renditions }: EncodingWork, vcpus: number): Speed {
  const out = pixelsOf(renditions);
  const cpuSeconds =
    (framesPerSecond * (sourcePixels * x264.decodeSeconds + out * x264.encodeSeconds)) / 1_000_000;
  return {
    filmSecondsPerSecond: (vcpus * x264Utilisation) / cpuSeconds,
    basis: 'measured',
    utilisation: x264Utilisation,
    how: `${vcpus} vCPU at ${percent(x264Utilisation)} over ${cpuSeconds.toFixed(1)} s of CPU for a second of film (x264 veryfast, from docs/performance.md)`,
  };
}

/**
 * Frames of 1920x1080 a second that one NVENC engine encodes as H.264 with the preset p5 in VBR, and engines of the GPU. NVIDIA, Video Codec SDK 13.0, NVENC
 * application note (https://docs.nvidia.com/video-technologies/video-codec-sdk/13.0/nvenc-application-note/), at the clocks of GeForce cards; those of
 * servers are lower. For the L4's engines sources say 1 or 2: the lower one is taken.
 */
const nvenc: Record<InstanceType['gpu'], { framesPerSecond: number; engines: number }> = {
  T4: { framesPerSecond: 264, engines: 1 },
  A10G: { framesPerSecond: 266, engines: 1 },
  L4: { framesPerSecond: 283, engines: 1 },
  L40S: { framesPerSecond: 283, engines: 3 },
};

/**
 * Of the chip's limit. A farm for match footage on the same T4 tells of 5 to 8 times real time with one 1080p output at p4, whose limit lies
 * between 9 (p5) and 20 (p3): a quarter to nine tenths. An assumption, until someone measures.
 */
const nvencUtilisation = 0.5;

const fullHdPixels = 1920 * 1080;

/** One film on one GPU, with the preset p5. Decoding is a chip of its own (NVDEC) and taken to keep up. */
export function nvencSpeed({ framesPerSecond, renditions }: EncodingWork, gpu: InstanceType['gpu']): Speed {
  const chip = nvenc[gpu];
  const engineSpeed = (pixels: number) => (chip.framesPerSecond * fullHdPixels) / (pixels * framesPerSecond);
  // A rung never has more than one engine, so the largest may hold up all the others.
  const largest = Math.max(...renditions.map(({ width, height }) => width * height));
  const limit = Math.min(chip.engines * engineSpeed(pixelsOf(renditions)), engineSpeed(largest));
  return {
    filmSecondsPerSecond: limit * nvencUtilisation,
    basis: 'limit',
    utilisation: nvencUtilisation,
    how: `${percent(nvencUtilisation)} of the limit of the ${gpu} (${limit.toFixed(1)}× real time with NVENC p5, not measured here)`,
  };
}

function pixelsOf(renditions: EncodingWork['renditions']): number {
  return renditions.reduce((sum, { width, height }) => sum + width * height, 0);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
