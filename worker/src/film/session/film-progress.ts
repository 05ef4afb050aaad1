import type { Progress } from '../../ffmpeg/progress.ts';
import type { Part, Plan } from '../../plan/plan.ts';
import type { PartProgress } from '../../protocol/lease.ts';
import type { PartRecord } from '../../protocol/part-record.ts';
import type { Progress as JobProgress } from '../../protocol/status.ts';

/** Audio is this share of the work where there is video as well. */
const audioShare = 0.05;

/** A part's length is an estimate, by a frame or two. */
const almostAll = 0.98;

/** All is encoded, and not yet a film. */
const maxPercent = 99.9;

const nothing: PartProgress = { seconds: 0, framesPerSecond: 0, publishedBytes: 0, publishedSegments: 0 };

/** Adds up what all parts report to one truthful number for the film. */
export class FilmProgress {
  readonly #plan: Plan;
  readonly #clock: () => number;
  readonly #startedAt: number;
  readonly #lengths: ReadonlyMap<number, number>;
  readonly #parts = new Map<number, PartProgress>();
  /** Parts that this worker makes or has made. */
  readonly #own = new Set<number>();
  /** Parts that other workers are making. */
  #peers: readonly number[] = [];
  #playableIn: () => number | undefined = () => undefined;
  /** Film seconds that others had recorded when this worker looked first; undefined before that. */
  #before: number | undefined;

  /** @param clock seconds, steady */
  constructor(plan: Plan, clock: () => number) {
    this.#plan = plan;
    this.#clock = clock;
    this.#startedAt = clock();
    this.#lengths = new Map(plan.parts.map((part) => [part.index, lengthOf(plan, part)]));
  }

  /** @param playableInSeconds of a film that is to be played early: undefined where that isn't known, or it can be played already */
  expectStart(playableInSeconds: () => number | undefined): void {
    this.#playableIn = playableInSeconds;
  }

  ofPart(part: number): PartProgress {
    return this.#parts.get(part) ?? nothing;
  }

  /** 0 to 1. */
  shareOf(part: number): number {
    return this.ofPart(part).seconds / Math.max(this.#lengthOf(part), 1e-9);
  }

  /** As far as this worker knows. */
  hasVideoLeft(): boolean {
    return this.#plan.parts.some(({ kind, index }) => kind === 'video' && this.shareOf(index) < almostAll);
  }

  /** This worker does not finish the part: it is another's, or begun again. */
  dropped({ index }: Part): void {
    this.#own.delete(index);
  }

  isOwn(part: number): boolean {
    return this.#own.has(part);
  }

  onProgress(part: Part, progress: Progress): void {
    const rate = this.#plan.video?.frameRate;
    const seconds =
      part.kind === 'video' && rate ? (progress.frames * rate.den) / rate.num : (progress.outSeconds ?? 0);
    this.#own.add(part.index);
    this.#change(part.index, { seconds: Math.max(0, seconds), framesPerSecond: progress.framesPerSecond });
  }

  onPublished(part: Part, bytes: number): void {
    const { publishedBytes, publishedSegments } = this.ofPart(part.index);
    this.#own.add(part.index);
    this.#change(part.index, {
      publishedBytes: publishedBytes + bytes,
      publishedSegments: publishedSegments + 1,
    });
  }

  /** Parts that are done, whoever made them. */
  mergeRecorded(parts: Iterable<number>): void {
    const recorded = new Set(parts);
    for (const part of recorded) this.#change(part, { seconds: Number.POSITIVE_INFINITY });
    this.#before ??= this.#videoSeconds((part) =>
      recorded.has(part) && !this.#own.has(part) ? this.#lengthOf(part) : 0,
    );
  }

  /** What another worker's record says. */
  mergeRecord({ part, renditions }: PartRecord): void {
    const segments = renditions.flatMap((rendition) => rendition.segments);
    this.#change(part, {
      seconds: Number.POSITIVE_INFINITY,
      publishedBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
      publishedSegments: segments.length,
    });
  }

  /** How far another worker is with a part. */
  mergePart(part: number, progress: PartProgress): void {
    this.#change(part, progress);
  }

  /** The parts that other workers are making now; few of many may be known. */
  setPeers(parts: readonly number[]): void {
    this.#peers = parts;
  }

  now(): JobProgress {
    const seconds = this.#videoSeconds((part) => this.ofPart(part).seconds);
    const total = this.#videoSeconds((part) => this.#lengthOf(part));
    const elapsed = this.#clock() - this.#startedAt;
    const speed = elapsed > 0 ? (seconds - (this.#before ?? 0)) / elapsed : 0;
    const all = [...this.#parts.values()];
    const playableInSeconds = this.#playableIn();
    return {
      percent: Math.min(maxPercent, Math.floor(1000 * this.#shareDone()) / 10),
      framesPerSecond: this.#framesPerSecond(),
      speed: Number(speed.toFixed(2)),
      ...(speed > 0 ? { etaSeconds: Math.ceil((total - seconds) / speed) } : {}),
      ...(playableInSeconds === undefined ? {} : { playableInSeconds }),
      publishedBytes: all.reduce((sum, { publishedBytes }) => sum + publishedBytes, 0),
      publishedSegments: all.reduce((sum, { publishedSegments }) => sum + publishedSegments, 0),
      renditions: [...(this.#plan.video?.renditions ?? []), ...this.#plan.audio].map(({ name }) => name),
    };
  }

  /** Never goes back: a part that is begun again counts on only when it is further. */
  #change(part: number, change: Partial<PartProgress>): void {
    const before = this.ofPart(part);
    const length = this.#lengths.get(part);
    if (length === undefined) return;
    this.#parts.set(part, {
      seconds: Math.max(before.seconds, Math.min(change.seconds ?? 0, length)),
      framesPerSecond: change.framesPerSecond ?? before.framesPerSecond,
      publishedBytes: Math.max(before.publishedBytes, change.publishedBytes ?? 0),
      publishedSegments: Math.max(before.publishedSegments, change.publishedSegments ?? 0),
    });
  }

  /** This worker's own, and that of the others: of those that are not known yet, as much as of those that are. */
  #framesPerSecond(): number {
    const rateOf = (part: number) => this.ofPart(part).framesPerSecond;
    const isVideo = new Set(this.#plan.parts.flatMap(({ kind, index }) => (kind === 'video' ? [index] : [])));
    const own = [...this.#own].findLast((part) => isVideo.has(part));
    const peers = this.#peers.filter((part) => isVideo.has(part));
    const known = peers.map(rateOf).filter((rate) => rate > 0);
    const average = known.reduce((sum, rate) => sum + rate, 0) / Math.max(1, known.length);
    return (own === undefined ? 0 : rateOf(own)) + average * peers.length;
  }

  #shareDone(): number {
    const share = (kind: Part['kind']) => {
      const parts = this.#plan.parts.filter((part) => part.kind === kind);
      if (parts.length === 0) return undefined;
      const sum = (of: (part: number) => number) => parts.reduce((total, { index }) => total + of(index), 0);
      return (
        sum((part) => this.ofPart(part).seconds) /
        Math.max(
          sum((part) => this.#lengthOf(part)),
          1e-9,
        )
      );
    };
    const video = share('video');
    const audio = share('audio');
    if (video === undefined) return audio ?? 0;
    return audio === undefined ? video : video * (1 - audioShare) + audio * audioShare;
  }

  /** Film seconds of the video, or of the audio where there is none. */
  #videoSeconds(of: (part: number) => number): number {
    const kind = this.#plan.video ? 'video' : 'audio';
    return this.#plan.parts
      .filter((part) => part.kind === kind)
      .reduce((sum, { index }) => sum + of(index), 0);
  }

  #lengthOf(part: number): number {
    return this.#lengths.get(part) ?? 0;
  }
}

function lengthOf(plan: Plan, part: Part): number {
  if (part.kind === 'text' || part.kind === 'loudness') return plan.durationSeconds;
  const filmEnd =
    part.kind === 'audio'
      ? Math.max(...plan.audio.map(({ durationSeconds }) => durationSeconds))
      : (plan.video?.durationSeconds ?? plan.durationSeconds);
  return Math.max((part.endSeconds ?? filmEnd) - (part.startSeconds ?? 0), 0);
}
