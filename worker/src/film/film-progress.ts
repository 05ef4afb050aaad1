import type { Progress } from '../encode/progress.ts';
import type { Part, Plan } from '../plan/plan.ts';
import { isWorking } from '../protocol/hand.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import type { Progress as JobProgress } from '../protocol/status.ts';
import type { FilmView } from './choose.ts';
import type { HandProgress } from './crew.ts';

/** Adds up what all parts report to one truthful number for the film. */
export interface FilmProgress extends HandProgress {
  onProgress(part: Part, progress: Progress): void;
  onPublished(bytes: number): void;
  /** What other workers have done. */
  merge(view: FilmView): void;
  now(): JobProgress;
}

/** Sound is this share of the work where there is a picture as well. */
const audioShare = 0.05;

/** All is encoded, and not yet a film. */
const maxPercent = 99.9;

/** @param clock seconds, steady */
export function createFilmProgress(
  plan: Plan,
  recorded: readonly PartRecord[],
  clock: () => number,
): FilmProgress {
  const startedAt = clock();
  const lengths = new Map(plan.parts.map((part) => [part.index, lengthOf(plan, part)]));
  const done = new Map(recorded.map(({ part }) => [part, lengths.get(part) ?? 0]));
  const before = videoSeconds(plan, done);
  let framesPerSecond = 0;
  let publishedBytes = 0;
  let publishedSegments = 0;
  let others = { framesPerSecond: 0, publishedBytes: 0, publishedSegments: 0 };

  const reach = (part: number, seconds: number) =>
    done.set(part, Math.max(done.get(part) ?? 0, Math.min(seconds, lengths.get(part) ?? 0)));

  return {
    made: (part) => done.get(part) ?? 0,
    sums: () => ({ framesPerSecond, publishedBytes, publishedSegments }),
    merge(view) {
      for (const { part } of view.records) reach(part, lengths.get(part) ?? 0);
      for (const hand of view.others) for (const { part, seconds } of hand.parts) reach(part, seconds);
      others = {
        framesPerSecond: total(view.others.filter(isWorking), 'framesPerSecond'),
        publishedBytes: total(view.others, 'publishedBytes'),
        publishedSegments: total(view.others, 'publishedSegments'),
      };
    },
    onProgress(part, progress) {
      const rate = plan.video?.frameRate;
      const made =
        part.kind === 'video' && rate ? (progress.frames * rate.den) / rate.num : (progress.outSeconds ?? 0);
      reach(part.index, made);
      if (part.kind === 'video') framesPerSecond = progress.framesPerSecond;
    },
    onPublished(bytes) {
      publishedBytes += bytes;
      publishedSegments += 1;
    },
    now() {
      const seconds = videoSeconds(plan, done);
      const total = videoSeconds(plan, lengths);
      const elapsed = clock() - startedAt;
      const speed = elapsed > 0 ? (seconds - before) / elapsed : 0;
      return {
        percent: Math.min(maxPercent, Math.floor(1000 * shareDone(plan, done, lengths)) / 10),
        framesPerSecond: framesPerSecond + others.framesPerSecond,
        speed: Number(speed.toFixed(2)),
        ...(speed > 0 ? { etaSeconds: Math.ceil((total - seconds) / speed) } : {}),
        publishedBytes: publishedBytes + others.publishedBytes,
        publishedSegments: publishedSegments + others.publishedSegments,
        renditions: [...(plan.video?.renditions ?? []), ...plan.audio].map(({ name }) => name),
      };
    },
  };
}

type Sums = ReturnType<FilmProgress['sums']>;

function total(hands: readonly Sums[], name: keyof Sums): number {
  return hands.reduce((sum, hand) => sum + hand[name], 0);
}

function shareDone(
  plan: Plan,
  done: ReadonlyMap<number, number>,
  lengths: ReadonlyMap<number, number>,
): number {
  const share = (kind: Part['kind']) => {
    const parts = plan.parts.filter((part) => part.kind === kind);
    const sum = (of: ReadonlyMap<number, number>) =>
      parts.reduce((total, { index }) => total + (of.get(index) ?? 0), 0);
    return parts.length === 0 ? undefined : sum(done) / Math.max(sum(lengths), 1e-9);
  };
  const video = share('video');
  const audio = share('audio');
  if (video === undefined) return audio ?? 0;
  return audio === undefined ? video : video * (1 - audioShare) + audio * audioShare;
}

/** Film seconds of the picture, or of the sound where there is none. */
function videoSeconds(plan: Plan, of: ReadonlyMap<number, number>): number {
  const kind = plan.video ? 'video' : 'audio';
  return plan.parts
    .filter((part) => part.kind === kind)
    .reduce((sum, { index }) => sum + (of.get(index) ?? 0), 0);
}

function lengthOf(plan: Plan, part: Part): number {
  if (part.kind === 'audio') return Math.max(...plan.audio.map(({ durationSeconds }) => durationSeconds));
  return Math.max(
    (part.endSeconds ?? plan.video?.durationSeconds ?? plan.durationSeconds) - part.startSeconds,
    0,
  );
}
