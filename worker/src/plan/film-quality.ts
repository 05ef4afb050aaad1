import { shortHash } from '../short-hash.ts';
import type { Sample } from './measure.ts';
import type { Plan, VideoPart } from './plan.ts';

/** So many stretches are tried, each of at most so many seconds, at most so long behind the start of its part. */
const trial = { count: 3, seconds: 2, beforeSeconds: 20 };

/** A short film is tried as a whole. */
const wholeSeconds = trial.count * trial.seconds;

/** CRFs that are tried, beside the one of the table. */
export const trialShifts = [-6, 0, 6] as const;

/** How far a film's CRF may lie from that of the table: VMAF counts grain as detail, and such films would take many times the bits of others. */
const farthestShift = 7;

/** Half a point, as in the table. */
const step = 0.5;

/** Stretches that stand for the film: from as many parts as there are, and not of crossfades. */
export function trialSamples(plan: Plan): Sample[] {
  const parts = plan.parts.filter(
    (part): part is VideoPart => part.kind === 'video' && part.into === undefined,
  );
  const endOf = (part: VideoPart) => part.endSeconds ?? plan.video?.durationSeconds ?? part.startSeconds;
  const sample = (part: VideoPart, beforeSeconds: number, seconds: number): Sample => ({
    number: part.firstSegment,
    part: part.index,
    beforeSeconds,
    startSeconds: part.startSeconds + beforeSeconds,
    seconds,
  });
  const [first] = parts;
  if (first === undefined) return [];
  const firstSeconds = endOf(first) - first.startSeconds;
  if (parts.length === 1 && firstSeconds <= wholeSeconds) return [sample(first, 0, firstSeconds)];
  return Array.from({ length: trial.count }, (_, n) => {
    const place = (n + 0.5) / trial.count;
    const part = parts[Math.floor(place * parts.length)] ?? first;
    const length = endOf(part) - part.startSeconds;
    // Of a film of few parts, several stretches lie in one.
    const reach = Math.min(trial.beforeSeconds, Math.max(0, length - trial.seconds));
    const before = parts.length >= trial.count ? 0 : reach * ((place * parts.length) % 1);
    return sample(part, before, Math.min(trial.seconds, length));
  });
}

/**
 * What the film's CRF is to be above the table's for a VMAF, by the parabola through three that were tried.
 * @param vmafs at `trialShifts`
 */
export function shiftFor(vmafs: readonly [number, number, number], target: number): number {
  const at = parabola(trialShifts, vmafs);
  let shift = -farthestShift;
  // VMAF falls: the last step at which the film still has it.
  for (let next = -farthestShift; next <= farthestShift; next += step) if (at(next) >= target) shift = next;
  return shift;
}

function parabola(x: readonly [number, number, number], y: readonly [number, number, number]) {
  const first = (y[1] - y[0]) / (x[1] - x[0]);
  const second = (y[2] - y[1]) / (x[2] - x[1]);
  const bend = (second - first) / (x[2] - x[0]);
  return (at: number) => y[0] + first * (at - x[0]) + bend * (at - x[0]) * (at - x[1]);
}

/** The plan with another CRF for all renditions, and with an id of its own. */
export function withShift(plan: Plan, shift: number): Plan {
  const { video } = plan;
  if (video === undefined || shift === 0) return plan;
  const renditions = video.renditions.map((rendition) =>
    rendition.quality === undefined ? rendition : { ...rendition, quality: rendition.quality + shift },
  );
  return { ...plan, id: shortHash({ plan: plan.id, shift }), video: { ...video, renditions } };
}
