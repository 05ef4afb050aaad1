import { RefusedError } from '../errors.ts';
import { type EncodingWork, x264CpuSeconds, x264Utilisation } from './work.ts';

/** What an AWS Lambda function can do in one invocation. */
export interface FunctionLimits {
  /** A share of the memory's: see `vcpusOf`. */
  vcpus: number;
}

/** A part of this much work starts soon enough to be worth a function, and costs little when its function is lost. */
export const partWorkSeconds = 30;

/** Of the 15 minutes that AWS allows: the rest is for a film that is harder than the estimate, and for the end. */
const longestWorkSeconds = 600;

const shortestPartSeconds = 2;
const longestPartSeconds = 600;

/** A function has one vCPU for each 1,769 MB (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). */
export function vcpusOf(memoryMb: number): number {
  return memoryMb / 1769;
}

/** How long a part is, in film seconds, so that it takes about `partWorkSeconds`. */
export function functionPartSeconds(work: EncodingWork, limits: FunctionLimits): number {
  const seconds = partWorkSeconds * filmSecondsPerSecond(work, limits);
  return Math.min(longestPartSeconds, Math.max(shortestPartSeconds, seconds));
}

/** @throws RefusedError where the video is one part, and too much work for any invocation */
export function refuseTooLong(endSeconds: number, work: EncodingWork, limits: FunctionLimits): void {
  const seconds = endSeconds / filmSecondsPerSecond(work, limits);
  if (seconds <= longestWorkSeconds) return;
  throw new RefusedError(
    'too-long-for-function',
    `The film can't be cut into parts, as its file has no index, and in one part it takes a function about ${minutes(seconds)}; ` +
      `at most ${minutes(longestWorkSeconds)} are allowed, since AWS ends a function after 15 min. ` +
      'Send the film as MP4 or Matroska with an index, or use a farm with "compute: fargate" or "compute: gpu".',
  );
}

/** Seconds that a function works on a second of film. */
export function functionSeconds(work: EncodingWork, limits: FunctionLimits): number {
  return 1 / filmSecondsPerSecond(work, limits);
}

function filmSecondsPerSecond(work: EncodingWork, { vcpus }: FunctionLimits): number {
  return (vcpus * x264Utilisation) / x264CpuSeconds(work);
}

function minutes(seconds: number): string {
  return `${Math.ceil(seconds / 60)} min`;
}
