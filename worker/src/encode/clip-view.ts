import type { ClipPlan, Plan, VideoPart, VideoPlan } from '../plan/plan.ts';
import { findFragments, keepClock, seekTo } from './seek.ts';

/** A film as one of its parts sees it: of joined clips, the one that the part is of. */
interface PartView {
  plan: Plan;
  video: VideoPlan;
  clip?: ClipPlan | undefined;
}

/** Where a source is read for the film. */
export type ClipPlace = Pick<
  ClipPlan,
  'source' | 'zeroSeconds' | 'startSeconds' | 'fromSeconds' | 'clock' | 'fragmentTable' | 'seekSeconds'
>;

export function viewOfPart(plan: Plan, video: VideoPlan, part: VideoPart): PartView {
  const clip = part.clip === undefined ? undefined : plan.clips?.[part.clip];
  if (clip === undefined) return { plan, video };
  const { zeroSeconds, clock } = clip;
  return { plan: { ...plan, zeroSeconds, clock }, video: { ...video, ...clip.video }, clip };
}

/**
 * Reads a clip from a film time on, as far back as its container asks for.
 * @param zero the film time that the run's timestamps count from
 */
export function seekInClip(clip: ClipPlace, filmSeconds: number, zero: number): string[] {
  const { zeroSeconds, startSeconds, fromSeconds, seekSeconds } = clip;
  const sourceSeconds = fromSeconds + filmSeconds - startSeconds;
  const seeks = seekSeconds !== undefined && sourceSeconds > seekSeconds;
  return [
    ...findFragments(clip),
    ...(seeks ? seekTo(zeroSeconds + filmSeconds - seekSeconds) : []),
    ...keepClock(zeroSeconds + zero),
  ];
}
