import type { OutputName } from './outputs.ts';

/** Whether a film is to be played while it is made. */
export function wantsEarly(
  options: { early?: boolean | undefined; outputs?: readonly OutputName[] | undefined } | undefined,
  farm: { earlyPlay: boolean; outputs: readonly OutputName[] },
): boolean {
  return (options?.early ?? farm.earlyPlay) && (options?.outputs ?? farm.outputs).includes('hls');
}
