import type { PublishedPiece } from '../../encode/context.ts';
import type { Part, Plan } from '../../plan/plan.ts';
import type { MadeRendition } from '../../protocol/lease.ts';
import type { PartRecord, SegmentRecord } from '../../protocol/part-record.ts';

interface Pieces {
  hasInit: boolean;
  codecs: string;
  /** By their number; uploads end in any order. */
  segments: Map<number, SegmentRecord>;
}

/** Of the parts that this worker makes, what is published already. */
export class MadeSegments {
  readonly #plan: Plan;
  readonly #parts = new Map<number, Map<string, Pieces>>();
  #changed = Promise.withResolvers<void>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  add({ index }: Part, rendition: string, piece: PublishedPiece): void {
    const renditions = this.#parts.get(index) ?? new Map<string, Pieces>();
    this.#parts.set(index, renditions);
    const pieces = renditions.get(rendition) ?? { hasInit: false, codecs: '', segments: new Map() };
    renditions.set(rendition, pieces);
    if (piece.kind === 'init') pieces.hasInit = true;
    else {
      pieces.codecs = piece.codecs;
      pieces.segments.set(piece.segment.number, piece.segment);
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Resolves when a piece is added. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Of each rendition of a part, its segments from the first one without a gap. */
  of(part: number): MadeRendition[] {
    const first = this.#plan.parts.find(({ index }) => index === part)?.firstSegment ?? 0;
    return [...(this.#parts.get(part) ?? [])].flatMap(([name, { hasInit, codecs, segments }]) => {
      if (!hasInit && this.#plan.segmentFormat === 'fmp4') return [];
      const found: SegmentRecord[] = [];
      for (let segment = segments.get(first); segment; segment = segments.get(segment.number + 1))
        found.push(segment);
      return made(name, codecs, found);
    });
  }
}

/** What a recorded part made. */
export function madeOf({ renditions }: PartRecord): MadeRendition[] {
  return renditions.flatMap(({ name, codecs, segments }) => made(name, codecs, segments));
}

function made(name: string, codecs: string, segments: readonly SegmentRecord[]): MadeRendition[] {
  const [first] = segments;
  if (first === undefined) return [];
  const durations = segments.map(({ durationSeconds }) => durationSeconds);
  return [{ name, codecs, startSeconds: first.startSeconds, durations }];
}
