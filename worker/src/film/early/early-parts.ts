import type { Plan } from '../../plan/plan.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import { leaseSchema } from '../../protocol/lease.ts';
import { type PartRecord, partRecordSchema } from '../../protocol/part-record.ts';
import type { MadePart } from '../../publish/early-playlists.ts';
import { eachLimited } from '../../storage/limited.ts';
import { readJson } from '../../storage/read-json.ts';
import type { Store } from '../../storage/store.ts';
import { type MadeSegments, madeOf } from '../session/made-segments.ts';

const readsAtOnce = 16;

const noLease = '';

/** A part has no lease for a moment when one worker has given it up and the next takes it. */
const noLeaseSeconds = 1;

interface EarlyPartsOptions {
  plan: Plan;
  folder: PlanFolder;
  output: Store;
  made: MadeSegments;
  /** Whether other workers may make parts. */
  isShared: boolean;
  /** Other workers' parts are looked at no more often than this. */
  lookSeconds: number;
}

/**
 * What is published of a film from its start: recorded parts, and of video and of audio the first part that is not
 * recorded. Later ones can't be played yet, and are not read.
 */
export class EarlyParts {
  readonly #options: EarlyPartsOptions;
  /** Recorded ones; they change no more. */
  readonly #recorded = new Map<number, MadePart>();
  /** Of other workers, as their leases say. */
  #leased = new Map<number, MadePart>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** What the leases of those said, and since when. */
  #news = new Map<number, { text: string; sinceMs: number }>();

  constructor(options: EarlyPartsOptions) {
    this.#options = options;
  }

  add(record: PartRecord): void {
    this.#recorded.set(record.part, { isRecorded: true, renditions: madeOf(record) });
  }

  /** @param own parts that this worker has in hand */
  async now(own: ReadonlySet<number>, signal: AbortSignal): Promise<ReadonlyMap<number, MadePart>> {
    const { made, lookSeconds } = this.#options;
    if (performance.now() - this.#lookedAtMs >= lookSeconds * 1000) {
      this.#lookedAtMs = performance.now();
      await this.#look(own, signal);
    }
    const making = [...own].map((part): [number, MadePart] => [
      part,
      { isRecorded: false, renditions: made.of(part) },
    ]);
    return new Map([...this.#leased, ...making, ...this.#recorded]);
  }

  /**
   * Parts of other workers that a player comes to next and that may be lost: with a lease that says nothing new, or that was not
   * looked at before, and without one.
   * @param stillSeconds how long a lease must have said nothing new
   */
  quiet(stillSeconds: number): number[] {
    const nowMs = performance.now();
    return [...this.#news].flatMap(([part, { text, sinceMs }]) => {
      const seconds = text === noLease ? noLeaseSeconds : stillSeconds;
      return nowMs - sinceMs >= seconds * 1000 ? [part] : [];
    });
  }

  async #look(own: ReadonlySet<number>, signal: AbortSignal): Promise<void> {
    const { plan, folder, output, isShared } = this.#options;
    const { objects } = await output.listAll(folder.parts, signal);
    const recorded = new Set(
      objects.flatMap(({ key }) => {
        const named = folder.readPartKey(key);
        return named?.kind === 'record' ? [named.part] : [];
      }),
    );
    const front: number[] = [];
    const unread: number[] = [];
    for (const kind of ['video', 'loudness', 'audio'] as const) {
      const parts = plan.parts.filter((part) => part.kind === kind);
      const at = parts.findIndex(({ index }) => !recorded.has(index) && !this.#recorded.has(index));
      const done = at === -1 ? parts : parts.slice(0, at);
      unread.push(...done.flatMap(({ index }) => (this.#recorded.has(index) ? [] : [index])));
      const first = parts[at]?.index;
      if (first !== undefined && !own.has(first)) front.push(first);
      // No one begins the audio before it is measured.
      if (first !== undefined && kind === 'loudness') break;
    }
    await eachLimited(unread, readsAtOnce, async (part) => {
      const record = await readJson(output, folder.record(part), partRecordSchema, signal);
      if (record !== undefined) this.add(record);
    });
    const leases = await Promise.all(
      front.map(async (part) => {
        const lease = await readJson(output, folder.partLease(part), leaseSchema, signal);
        return { part, lease };
      }),
    );
    this.#leased = new Map(
      leases.map(({ part, lease }) => [part, { isRecorded: false, renditions: lease?.progress?.made ?? [] }]),
    );
    // A part that is kept for the next run of its message failed before: no one drops another for it.
    const others = leases.filter(({ lease }) => !lease?.kept);
    this.#news = new Map(
      others.map(({ part, lease }) => {
        const text = lease === undefined ? noLease : `${lease.owner} ${lease.renewals}`;
        const before = this.#news.get(part);
        if (before?.text === text) return [part, before];
        const isSeenFirst = before === undefined && text !== noLease;
        return [part, { text, sinceMs: isSeenFirst ? Number.NEGATIVE_INFINITY : performance.now() }];
      }),
    );
    // What one worker alone has recorded in an earlier run is looked for once.
    if (!isShared) this.#lookedAtMs = Number.POSITIVE_INFINITY;
  }
}
