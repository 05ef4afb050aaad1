import { RefusedError } from '../errors.ts';
import type { Part, Plan } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';

/** Headers round durations, and audio may end a little before video. */
const slackSeconds = 0.1;

/** Streams of one film seldom end at the same moment; a film that was cut off ends all of them early. */
const streamSlackSeconds = 1;

/** Whether a part stopped before its end: the film has nothing more, and later parts would be empty. */
export function endsEarly(plan: Plan, part: Part, endSeconds: number): boolean {
  if (part.kind !== 'video' || part.endSeconds === undefined || part.clip !== undefined) return false;
  return endSeconds < part.endSeconds - slackOf(plan);
}

/**
 * A clip that is shorter than its header says would leave a hole in the film, also where shorter films are accepted.
 * @throws RefusedError `short-source`, which names the clip
 */
export function refuseShortClip(plan: Plan, part: Part, endSeconds: number): void {
  if (part.kind !== 'video' || part.clip === undefined || part.endSeconds === undefined) return;
  if (endSeconds >= part.endSeconds - slackOf(plan)) return;
  const clip = plan.clips?.[part.clip];
  const at = endSeconds - (clip?.startSeconds ?? 0) + (clip?.fromSeconds ?? 0);
  throw new RefusedError(
    'short-source',
    `Clip ${part.clip + 1} ends at ${at.toFixed(2)} s of its film; its header says that it goes on. ` +
      'It was probably cut off on its way: upload it again, or let the clip end ("to") before that.',
  );
}

/**
 * Holds what was made against what the header says. ffmpeg ends well on a film that is cut off, so only the length
 * shows it.
 * @returns warnings
 * @throws RefusedError `short-source` when the film ends early and the settings do not accept that; `no-frames`
 */
export function checkLength(plan: Plan, records: readonly PartRecord[], allowShort: boolean): string[] {
  const madeVideo = endOf(plan, records, 'video');
  const madeAudio = endOf(plan, records, 'audio');
  const made = Math.max(madeVideo, madeAudio);
  if (made <= 0) throw new RefusedError('no-frames', 'The film holds nothing that can be decoded.');

  const claimed = plan.video?.durationSeconds ?? plan.durationSeconds;
  const reached = plan.video ? madeVideo : madeAudio;
  const wholeFilmIsShort = made < plan.durationSeconds - slackOf(plan);
  const short = reached < claimed - (wholeFilmIsShort ? slackOf(plan) : streamSlackSeconds);
  if (!short) return [];
  const sentence = `The film ends at ${reached.toFixed(2)} s; its header says ${claimed.toFixed(2)} s.`;
  if (allowShort) return [sentence];
  throw new RefusedError(
    'short-source',
    `${sentence} It was probably cut off on its way: upload it again, or accept such films (setting allowShortSources, ALLOW_SHORT_SOURCES).`,
  );
}

function endOf(plan: Plan, records: readonly PartRecord[], kind: Part['kind']): number {
  const indexes = plan.parts.filter((part) => part.kind === kind).map((part) => part.index);
  return Math.max(
    0,
    ...records
      .filter(
        ({ part, renditions }) =>
          indexes.includes(part) && renditions.some(({ segments }) => segments.length > 0),
      )
      .map(({ endSeconds }) => endSeconds),
  );
}

function slackOf(plan: Plan): number {
  const rate = plan.video?.frameRate;
  return Math.max(slackSeconds, rate ? (1.5 * rate.den) / rate.num : 0);
}
