import type { JobState } from '../../worker/src/protocol/status.ts';

/** How far a batch is, as its jobs' states say. */
export interface BatchState {
  id: string;
  /** As its jobs say; undefined where none has a state yet. */
  jobs: number | undefined;
  succeeded: number;
  failed: number;
  /** Begun, and not over. */
  open: number;
}

export function countBatch(id: string, states: readonly JobState[]): BatchState {
  const own = states.filter(({ batch }) => batch?.id === id);
  const inState = (wanted: JobState['state']) => own.filter(({ state }) => state === wanted).length;
  const [succeeded, failed] = [inState('succeeded'), inState('failed')];
  const sizes = own.flatMap(({ batch }) => batch?.jobs ?? []);
  return {
    id,
    jobs: sizes.length === 0 ? undefined : Math.max(...sizes),
    succeeded,
    failed,
    open: own.length - succeeded - failed,
  };
}

export function batchLine({ id, jobs, succeeded, failed, open }: BatchState): string {
  if (jobs === undefined) return `No job of the batch "${id}" has started.`;
  const waiting = Math.max(0, jobs - succeeded - failed - open);
  const facts = [`${succeeded} succeeded`, `${failed} failed`, `${open} under way`, `${waiting} not begun`];
  return `Batch ${id}, ${jobs} jobs: ${facts.join(' · ')}`;
}
