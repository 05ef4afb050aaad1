import { resolveLadder } from '../../worker/src/plan/ladder.ts';
import { nvencSpeed, speedRange, x264Speed } from '../cost/speeds.ts';
import type { Stack } from './stack.ts';

/** Seconds of a 1080p film with the standard ladder in a second of one worker's work. */
export interface WorkerSpeed {
  /** What costs and times are computed with: for NVENC half of the chip's limit, an assumption. Not measured on any GPU. */
  expected: number;
  /** The upper end of the range: the chip's published limit for NVENC; for x264 the same as `expected`. */
  limit: number;
  /** The ends of the range in which each of them may be: see `speedRange`. */
  slowest: number;
  quickest: number;
}

export function workerSpeed(
  stack: Pick<Stack, 'gpu' | 'vcpus' | 'preset'>,
  framesPerSecond: number,
): WorkerSpeed {
  const renditions = resolveLadder('standard', false)
    .filter(({ shortSide }) => shortSide <= 1080)
    .map(({ shortSide }) => ({ width: 2 * Math.round((shortSide * 16) / 9 / 2), height: shortSide }));
  const { preset } = stack;
  const work = { sourcePixels: 1920 * 1080, framesPerSecond, renditions, preset };
  // Of all types that a stack may get, the T4 of g4dn is the slowest.
  const speed = stack.gpu ? nvencSpeed(work, 'T4') : x264Speed(work, stack.vcpus);
  const expected = speed.filmSecondsPerSecond;
  if (speed.basis === 'limit') {
    const limit = expected / speed.utilisation;
    return {
      expected,
      limit,
      slowest: limit * speedRange.nvenc.least,
      quickest: limit * speedRange.nvenc.most,
    };
  }
  const { least, most } = speedRange.x264;
  return { expected, limit: expected, slowest: expected * least, quickest: expected * most };
}
