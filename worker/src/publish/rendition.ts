import type { Plan } from '../plan/plan.ts';
import type { PartRecord, SegmentRecord } from '../protocol/part-record.ts';

/** One rendition over the whole film, joined from its parts. */
export interface Rendition {
  name: string;
  codecs: string;
  frames: number;
  initBytes: number;
  /** Of init segment and media segments. */
  bytes: number;
  durationSeconds: number;
  segments: SegmentRecord[];
}

/** Parts of one rendition that can't be played after each other; made again by one machine, they can. */
export class UnfitPartsError extends Error {
  override readonly name = 'UnfitPartsError';
  /** Those to make again: the fewer. */
  readonly parts: readonly number[];

  constructor(message: string, parts: readonly number[]) {
    super(message);
    this.parts = parts;
  }
}

/**
 * Joins what the parts made of one rendition.
 * @throws UnfitPartsError when init segments differ
 * @throws Error when a part or a segment is missing: no playlist may name what isn't there
 */
export function joinRendition(records: readonly PartRecord[], name: string): Rendition {
  const made = records
    .toSorted((a, b) => a.part - b.part)
    .flatMap(({ part, renditions }) => renditions.map((rendition) => ({ part, ...rendition })))
    .filter((rendition) => rendition.name === name);
  const segments = made.flatMap((rendition) => rendition.segments).toSorted((a, b) => a.number - b.number);
  const [first] = made;
  if (first === undefined || segments.length === 0)
    throw new Error(`No part has segments of the rendition "${name}".`);
  const gap = segments.findIndex((segment, index) => segment.number !== index);
  if (gap !== -1) {
    throw new Error(
      `Segment ${gap} of the rendition "${name}" is missing or there twice: found ${segments[gap]?.number}.`,
    );
  }
  const unfit = outnumbered(made);
  if (unfit.length > 0) {
    throw new UnfitPartsError(`The parts of the rendition "${name}" have different init segments.`, unfit);
  }
  return {
    name,
    codecs: first.codecs,
    frames: sum(made, (rendition) => rendition.frames),
    initBytes: first.initBytes,
    bytes: first.initBytes + sum(segments, (segment) => segment.bytes),
    durationSeconds: sum(segments, (segment) => segment.durationSeconds),
    segments,
  };
}

/**
 * Parts whose init segment is not the most frequent one; of equally frequent ones the first part's counts. Parts behind the film's end
 * have no segments and no init segment.
 */
function outnumbered(
  made: readonly { part: number; initSha256?: string; segments: readonly unknown[] }[],
): number[] {
  const byInit = Map.groupBy(
    made.filter(({ segments }) => segments.length > 0),
    ({ initSha256 }) => initSha256,
  );
  const [, ...others] = [...byInit.values()].toSorted((a, b) => b.length - a.length);
  return others.flat().map(({ part }) => part);
}

/** Every rendition of the plan, video first, each as large as the plan has it. */
export function joinRenditions(plan: Plan, records: readonly PartRecord[]): Map<string, Rendition> {
  const names = [...(plan.video?.renditions ?? []), ...plan.audio].map(({ name }) => name);
  return new Map(names.map((name) => [name, joinRendition(records, name)]));
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
