import type { Part, Plan } from '../plan/plan.ts';
import type { PartRecord } from '../publish/record.ts';
import type { Progress as JobProgress } from '../report/state.ts';
import type { Progress } from './progress.ts';

/** Adds up what all parts report to one truthful number for the film. */
export interface FilmProgress {
  onProgress(part: Part, progress: Progress): void;
  onPublished(bytes: number): void;
  now(): JobProgress;
}

/** Sound is this share of the work where there is a picture as well. */
const audioShare = 0.05;

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

  return {
    onProgress(part, progress) {
      const rate = plan.video?.frameRate;
      const made =
        part.kind === 'video' && rate ? (progress.frames * rate.den) / rate.num : (progress.outSeconds ?? 0);
      const length = lengths.get(part.index) ?? 0;
      done.set(part.index, Math.max(done.get(part.index) ?? 0, Math.min(made, length)));
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
        percent: Math.floor(1000 * shareDone(plan, done, lengths)) / 10,
        framesPerSecond,
        speed: Number(speed.toFixed(2)),
        ...(speed > 0 ? { etaSeconds: Math.ceil((total - seconds) / speed) } : {}),
        publishedBytes,
        publishedSegments,
        renditions: [...(plan.video?.renditions ?? []), ...plan.audio].map(({ name }) => name),
      };
    },
  };
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
