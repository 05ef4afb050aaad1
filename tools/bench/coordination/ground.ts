import type { Part, Plan } from '../../../worker/src/plan/plan.ts';
import type { PartRecord } from '../../../worker/src/protocol/part-record.ts';

/** What really happens in a run, whatever its workers know of each other. Times in seconds since its start. */
export class Ground {
  readonly #startedAt = performance.now();
  /** How often each part was begun. */
  readonly #begun: number[];
  #noPartFreeAt: number | undefined;
  readonly #waits: { from: number; to: number }[] = [];
  readonly recordedAt = new Map<number, number>();
  assemblies = 0;

  constructor(plan: Plan) {
    this.#begun = plan.parts.map(() => 0);
  }

  now(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** A worker that looked for a part has found one, or none. */
  gets(askedAt: number, part: number | undefined): void {
    const now = this.now();
    this.#waits.push({ from: askedAt, to: part === undefined ? Number.POSITIVE_INFINITY : now });
    if (part === undefined) return;
    this.#begun[part] = (this.#begun[part] ?? 0) + 1;
    if (this.#begun.every((times) => times > 0)) this.#noPartFreeAt ??= now;
  }

  records(part: number): void {
    if (!this.recordedAt.has(part)) this.recordedAt.set(part, this.now());
  }

  assembles(): void {
    this.assemblies += 1;
  }

  /** Beginnings of parts that were begun before. */
  get twice(): number {
    return this.#begun.reduce((sum, times) => sum + Math.max(0, times - 1), 0);
  }

  /** The longest that a worker was without a part while one was free. */
  get longestIdleSeconds(): number {
    const end = this.#noPartFreeAt ?? this.now();
    return Math.max(0, ...this.#waits.map(({ from, to }) => Math.min(to, end) - from));
  }

  /** A part's record, smaller than real ones are. */
  recordOf(part: Part): PartRecord {
    return {
      version: 1,
      part: part.index,
      renditions: [],
      endSeconds: part.kind === 'video' ? (part.endSeconds ?? 7200) : 7200,
      sheets: [],
      warnings: [],
      encodeSeconds: 60,
    };
  }
}
