import type { Plan } from '../../plan/plan.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { Store } from '../../storage/store.ts';
import { type FilmView, partsMissing, readView } from './view.ts';

/** A view, and when it was asked for. */
export interface Look {
  view: FilmView;
  /** Of this process's steady clock. */
  atMs: number;
}

export interface LookOptions {
  plan: Plan;
  folder: PlanFolder;
  output: Store;
  leaseSeconds: number;
  signal: AbortSignal;
}

/** Looks at a shared film: who makes which part, and what is recorded. */
export class FilmLooks {
  readonly #options: LookOptions;
  #last: Look | undefined;

  constructor(options: LookOptions) {
    this.#options = options;
  }

  get last(): Look | undefined {
    return this.#last;
  }

  async now(signal = this.#options.signal): Promise<Look> {
    const { output, folder, leaseSeconds } = this.#options;
    const atMs = performance.now();
    // Leases first: a lease goes when its part is recorded, so a part that has neither is really free.
    const leases = await output.listAll(folder.leases, signal);
    const parts = await output.listAll(folder.parts, signal);
    this.#last = { view: readView(folder, parts, leases, leaseSeconds), atMs };
    return this.#last;
  }

  /** Half of a lease: others may have taken up and recorded a part since a look that is older. */
  isOutdated({ atMs }: Look): boolean {
    return performance.now() - atMs > this.#options.leaseSeconds * 500;
  }

  async isAllRecorded(): Promise<boolean> {
    const { plan, output, folder, leaseSeconds, signal } = this.#options;
    const parts = await output.listAll(folder.parts, signal);
    const view = readView(folder, parts, { at: parts.at, objects: [] }, leaseSeconds);
    return partsMissing(plan, view).length === 0;
  }
}
