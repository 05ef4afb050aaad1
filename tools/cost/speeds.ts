import type { InstanceType } from '../../infra/compute/instance-types.ts';
import {
  type EncodingWork,
  pixelsOf,
  vp9CpuSeconds,
  x264CpuSeconds,
  x264Utilisation,
} from '../../worker/src/plan/work.ts';

export type { EncodingWork } from '../../worker/src/plan/work.ts';

/** How quickly one worker encodes, and how that is known. */
export interface Speed {
  /** Seconds of film for each second of work. */
  filmSecondsPerSecond: number;
  /** `measured`: derived from a measurement of this farm's worker. `limit`: from the chip's published limit; no GPU was at hand. */
  basis: 'measured' | 'limit';
  /** Which part of the limit a worker is taken to reach, 0 to 1. */
  utilisation: number;
  /** The computation in a sentence. */
  how: string;
}

/** @param vcpus of the task; a vCPU of Fargate is taken for one core of the machine of docs/performance.md */
export function x264Speed(work: EncodingWork, vcpus: number): Speed {
  const cpuSeconds = x264CpuSeconds(work);
  return {
    filmSecondsPerSecond: (vcpus * x264Utilisation) / cpuSeconds,
    basis: 'measured',
    utilisation: x264Utilisation,
    how: `${Number(vcpus.toFixed(1))} vCPU at ${percent(x264Utilisation)} over ${cpuSeconds.toFixed(1)} s of CPU for a second of film (x264 ${work.preset}, from docs/performance.md)`,
  };
}

/** VP9 of a WebM file, which the CPU encodes on every farm. */
export function vp9Speed(
  work: Omit<EncodingWork, 'preset'>,
  vcpus: number,
): Pick<Speed, 'filmSecondsPerSecond' | 'how'> {
  const cpuSeconds = vp9CpuSeconds(work);
  return {
    filmSecondsPerSecond: (vcpus * x264Utilisation) / cpuSeconds,
    how: `${Number(vcpus.toFixed(1))} vCPU at ${percent(x264Utilisation)} over ${cpuSeconds.toFixed(1)} s of CPU for a second of film (VP9, from docs/formats.md)`,
  };
}

/**
 * Frames of 1920x1080 a second that one NVENC engine encodes as H.264 in VBR, by preset. NVIDIA, Video Codec SDK 13.0, NVENC application note
 * (https://docs.nvidia.com/video-technologies/video-codec-sdk/13.0/nvenc-application-note/), at the clocks of GeForce cards; those of
 * servers are lower.
 */
const engines = {
  turing: { p1: 833, p3: 602, p5: 264, p7: 207 },
  ampere: { p1: 846, p3: 617, p5: 266, p7: 213 },
  ada: { p1: 885, p3: 647, p5: 283, p7: 211 },
} as const;

type ListedPreset = keyof (typeof engines)['turing'];

/** For the L4's engines sources say 1 or 2: the lower one is taken. */
const nvenc: Record<InstanceType['gpu'], { engine: keyof typeof engines; count: number }> = {
  T4: { engine: 'turing', count: 1 },
  A10G: { engine: 'ampere', count: 1 },
  L4: { engine: 'ada', count: 1 },
  L40S: { engine: 'ada', count: 3 },
};

/** The note lists every second preset; another is taken for the slower one beside it. */
function listedPreset(preset: string): ListedPreset {
  const listed: Record<string, ListedPreset> = { p1: 'p1', p2: 'p3', p3: 'p3', p4: 'p5', p5: 'p5', p6: 'p7' };
  return listed[preset] ?? 'p7';
}

/**
 * Of the chip's limit. A farm for match footage on the same T4 reports 5 to 8 times real time with one 1080p output at p4, whose limit lies
 * between 9 (p5) and 20 (p3): a quarter to nine tenths. An assumption, until someone measures.
 */
const nvencUtilisation = 0.5;

/**
 * How far from the expected speed a worker may be. NVENC: shares of the chip's limit. x264: shares of the expected speed. A vCPU is a
 * hyperthread and may be 1.6 times slower than the core that was measured; real clips took down to 0.55 of the measured film's CPU time
 * (docs/performance.md).
 */
export const speedRange = {
  nvenc: { least: 0.25, most: 1 },
  x264: { least: 1 / 1.6, most: 1 / 0.55 },
} as const;

const fullHdPixels = 1920 * 1080;

/** One film on one GPU. Decoding is a separate chip (NVDEC) and taken to keep up. */
export function nvencSpeed(work: EncodingWork, gpu: InstanceType['gpu']): Speed {
  const { framesPerSecond, renditions, preset } = work;
  const { engine, count } = nvenc[gpu];
  const listed = listedPreset(preset);
  const engineSpeed = (pixels: number) =>
    (engines[engine][listed] * fullHdPixels) / (pixels * framesPerSecond);
  // A rung never has more than one engine, so the largest may hold up all the others.
  const largest = Math.max(...renditions.map(({ width, height }) => width * height));
  const limit = Math.min(count * engineSpeed(pixelsOf(renditions)), engineSpeed(largest));
  return {
    filmSecondsPerSecond: limit * nvencUtilisation,
    basis: 'limit',
    utilisation: nvencUtilisation,
    how: `${percent(nvencUtilisation)} of the limit of the ${gpu} (${limit.toFixed(1)}× real time with NVENC ${listed === preset ? preset : `${preset}, taken for ${listed}`}, not measured here)`,
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
