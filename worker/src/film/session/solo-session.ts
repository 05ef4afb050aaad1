import type { Part, Plan } from '../../plan/plan.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { PartRecord } from '../../protocol/part-record.ts';
import type { Store } from '../../storage/store.ts';
import { endsEarly } from '../check-length.ts';
import { type AssemblyClaim, type FilmSession, writeRecord } from './session.ts';
import { type FilmView, partsReady } from './view.ts';

/** One worker that makes the whole film: parts in their order. */
export class SoloSession implements FilmSession {
  readonly isShared = false;
  readonly #plan: Plan;
  readonly #folder: PlanFolder;
  readonly #output: Store;
  readonly #begun = new Set<number>();
  readonly #recorded: Set<number>;
  #endsIn: number | undefined;

  /** @param view the film as an earlier run left it */
  constructor(options: {
    plan: Plan;
    folder: PlanFolder;
    output: Store;
    view: Pick<FilmView, 'recorded' | 'endsIn'>;
  }) {
    this.#plan = options.plan;
    this.#folder = options.folder;
    this.#output = options.output;
    this.#recorded = new Set(options.view.recorded);
    this.#endsIn = options.view.endsIn;
  }

  async next(kind: Part['kind']): Promise<Part | undefined> {
    const view = { recorded: this.#recorded, endsIn: this.#endsIn };
    const part = partsReady(this.#plan, view).find(
      (each) => each.kind === kind && !this.#begun.has(each.index),
    );
    if (part !== undefined) this.#begun.add(part.index);
    return part;
  }

  async takeLost(): Promise<false> {
    return false;
  }

  hasReserved(): false {
    return false;
  }

  async drop({ index }: Part): Promise<void> {
    this.#begun.delete(index);
  }

  async record(part: Part, record: PartRecord, signal: AbortSignal): Promise<void> {
    await writeRecord(this.#output, this.#folder, this.#plan, { part, record, signal });
    this.#recorded.add(part.index);
    if (!endsEarly(this.#plan, part, record.endSeconds)) return;
    this.#endsIn = Math.min(part.index, this.#endsIn ?? part.index);
  }

  async claimAssembly(): Promise<AssemblyClaim> {
    return { lost: new AbortController().signal, assertHeld: async () => {} };
  }

  async awaitPeers(): Promise<'outOfTime'> {
    return 'outOfTime';
  }

  async leavePublished(): Promise<void> {}

  async fail(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
