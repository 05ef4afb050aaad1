import type { Part, Plan } from '../../plan/plan.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { ListedObject, Listing } from '../../storage/store.ts';

/** A film in the making, as the names and times of its records and leases show it. */
export interface FilmView {
  /** Parts that have a record. */
  recorded: ReadonlySet<number>;
  /** The part in which the film ends, where that is before its header says: later parts hold nothing. */
  endsIn?: number | undefined;
  /** Leases of parts, this worker's too. */
  leases: ReadonlyMap<number, SeenLease>;
  status?: SeenLease | undefined;
  assembly?: SeenLease | undefined;
}

export interface SeenLease {
  key: string;
  etag: string;
  /** Written so short a time ago that its worker can be taken to live. */
  isLive: boolean;
}

/** @param at when storage listed it, by its own clock */
export function isLive(lease: ListedObject, at: Date, leaseSeconds: number): boolean {
  return at.getTime() - (lease.lastModified?.getTime() ?? 0) < leaseSeconds * 1000;
}

/** @param leases undefined where only the records matter */
export function readView(
  folder: PlanFolder,
  parts: Listing,
  leases: Listing,
  leaseSeconds: number,
): FilmView {
  const named = parts.objects.map(({ key }) => folder.readPartKey(key));
  const ends = named.flatMap((each) => (each?.kind === 'early-end' ? [each.part] : []));
  const seen = leases.objects.map((lease): SeenLease => {
    const { key, etag } = lease;
    return { key, etag, isLive: isLive(lease, leases.at, leaseSeconds) };
  });
  const leaseOf = (key: string) => seen.find((lease) => lease.key === key);
  return {
    recorded: new Set(named.flatMap((each) => (each?.kind === 'record' ? [each.part] : []))),
    endsIn: ends.length > 0 ? Math.min(...ends) : undefined,
    leases: new Map(
      seen.flatMap((lease) => {
        const part = folder.readPartKey(lease.key)?.part;
        return part === undefined ? [] : [[part, lease] as const];
      }),
    ),
    status: leaseOf(folder.statusLease),
    assembly: leaseOf(folder.assemblyLease),
  };
}

/** Parts that have no record, but for those after the film's early end. */
export function partsMissing(
  plan: Plan,
  { recorded, endsIn }: Pick<FilmView, 'recorded' | 'endsIn'>,
): Part[] {
  return plan.parts.filter(
    ({ kind, index }) =>
      !recorded.has(index) && (kind !== 'video' || endsIn === undefined || index <= endsIn),
  );
}

/** Parts missing that can be made now: the audio waits until it is known how loud it is, if it is to be brought to a loudness. */
export function partsReady(plan: Plan, view: Pick<FilmView, 'recorded' | 'endsIn'>): Part[] {
  const missing = partsMissing(plan, view);
  const isMeasured = missing.every(({ kind }) => kind !== 'loudness');
  return isMeasured ? missing : missing.filter(({ kind }) => kind !== 'audio');
}

/** Leases of parts in the making that their workers renew. */
export function liveLeases(plan: Plan, view: FilmView): { part: Part; lease: SeenLease }[] {
  return partsMissing(plan, view).flatMap((part) => {
    const lease = view.leases.get(part.index);
    return lease?.isLive ? [{ part, lease }] : [];
  });
}
