import type { Part, Plan } from '../../plan/plan.ts';
import { headersFor } from '../../protocol/content-types.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { PartRecord } from '../../protocol/part-record.ts';
import type { Store } from '../../storage/store.ts';
import { endsEarly, refuseShortClip } from '../check-length.ts';
import type { Invocation } from './invocation.ts';

/** This worker writes the playlists and commits the film. */
export interface AssemblyClaim {
  /** Aborted when another worker has taken that over: this one stood still for longer than its lease lasts. */
  readonly lost: AbortSignal;
  /** Before what can't be taken back. @throws where another worker has taken over */
  assertHeld(): Promise<void>;
}

/** One worker's share in the making of a film: which parts it makes, and whether it commits the film. */
export interface FilmSession extends AsyncDisposable {
  /** Whether other workers may be on the film. */
  readonly isShared: boolean;
  /** Claims the next part for this worker; undefined when none is left to begin. */
  next(kind: Part['kind']): Promise<Part | undefined>;
  /** Takes up a part that no living worker makes: `next` gives it then. @returns false where one does, or the part is recorded */
  takeLost(part: Part): Promise<boolean>;
  /** Whether `next` gives a part that this worker has taken already. */
  hasReserved(kind: Part['kind']): boolean;
  /** Gives back a part that this worker has begun and does not finish. */
  drop(part: Part): Promise<void>;
  /** Writes that a part is done and published. */
  record(part: Part, record: PartRecord, signal: AbortSignal): Promise<void>;
  /** Undefined where parts are not recorded, or another worker is at it. */
  claimAssembly(): Promise<AssemblyClaim | undefined>;
  /**
   * Waits until this worker is needed: `parts` when one can be begun, `commit` when all are recorded, and maybe committed;
   * `outOfTime` when its invocation, where it is one, ends before that.
   */
  awaitPeers(invocation: Invocation | undefined): Promise<'parts' | 'commit' | 'outOfTime'>;
  /** Another worker has published the film: removes what is left of this one's share. */
  leavePublished(): Promise<void>;
  /** After an error: prepares the next run of the message, and lets the report say what is true of the job. */
  fail(error: unknown): Promise<void>;
}

/** Writes a part's record, and before it a mark where the film ends in the part: later parts need not be made. */
export async function writeRecord(
  output: Store,
  folder: PlanFolder,
  plan: Plan,
  { part, record, signal }: { part: Part; record: PartRecord; signal: AbortSignal },
): Promise<void> {
  refuseShortClip(plan, part, record.endSeconds);
  if (endsEarly(plan, part, record.endSeconds)) {
    const key = folder.earlyEnd(part.index);
    await output.put(key, '', { contentType: 'text/plain', cacheControl: 'no-cache', signal });
  }
  const key = folder.record(part.index);
  await output.put(key, JSON.stringify(record), { ...headersFor(key), signal });
}
