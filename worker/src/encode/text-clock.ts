import type { Plan } from '../plan/plan.ts';
import type { Cue } from '../text/cue.ts';

/** Cues lie this far outside of the stretch of a recording to which they belong, at most. */
const slackSeconds = 3;

/**
 * Cues in the container's time, in the order of the file, as the film's time: where the recording's clock jumps, what comes after
 * it is moved as video and audio are.
 */
export function toFilmTime(
  cues: readonly Cue[],
  { clock = [], zeroSeconds }: Pick<Plan, 'clock' | 'zeroSeconds'>,
): Cue[] {
  let at = 0;
  return cues.map((cue) => {
    const seconds = cue.startMs / 1000;
    const isIn = (index: number) => {
      const stretch = clock[index];
      return (
        stretch !== undefined &&
        seconds >= stretch.startSeconds - slackSeconds &&
        seconds <= stretch.endSeconds + slackSeconds
      );
    };
    if (!isIn(at)) {
      const next = clock.findIndex((_, index) => index > at && isIn(index));
      if (next > at) at = next;
    }
    const shiftMs = ((clock[at]?.shiftSeconds ?? 0) - zeroSeconds) * 1000;
    return { ...cue, startMs: Math.round(cue.startMs + shiftMs), endMs: Math.round(cue.endMs + shiftMs) };
  });
}
