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

/**
 * Joins what the parts made of one rendition.
 * @throws Error when a part or a segment is missing, or init segments differ: no playlist may name what isn't there
 */
export function joinRendition(records: readonly PartRecord[], name: string): Rendition {
  const made = records
    .toSorted((a, b) => a.part - b.part)
    .flatMap((record) => record.renditions)
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
  if (made.some(({ initSha256 }) => initSha256 !== first.initSha256)) {
    throw new Error(`The parts of the rendition "${name}" have different init segments.`);
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

/** Every rendition of the plan, video first, each as large as the plan has it. */
export function joinRenditions(plan: Plan, records: readonly PartRecord[]): Map<string, Rendition> {
  const names = [...(plan.video?.renditions ?? []), ...plan.audio].map(({ name }) => name);
  return new Map(names.map((name) => [name, joinRendition(records, name)]));
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
