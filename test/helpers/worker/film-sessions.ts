import { FilmProgress } from '../../../worker/src/film/session/film-progress.ts';
import { SharedSession, type SharedSessionOptions } from '../../../worker/src/film/session/shared-session.ts';
import type { FilmView, SeenLease } from '../../../worker/src/film/session/view.ts';
import type { Part, Plan } from '../../../worker/src/plan/plan.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import type { PartRecord } from '../../../worker/src/protocol/part-record.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { createReporter, type JobReport } from '../../../worker/src/report/reporter.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { shortPlan } from '../media/plans.ts';
import { running } from '../reports/job-states.ts';
import { recordingLogger } from './queue.ts';

/** 30 s of film in fifteen parts of two seconds, and its audio. */
export const manyParts = (): Plan => shortPlan({ encoding: { segmentSeconds: 2, partSeconds: 2 } });

/** A part that is done. @param endSeconds where the film ended early */
export function recordOf(part: Part, endSeconds?: number): PartRecord {
  const end = part.kind === 'video' ? (part.endSeconds ?? 30) : 30;
  return {
    version: 1,
    part: part.index,
    renditions: [],
    endSeconds: endSeconds ?? end,
    sheets: [],
    warnings: [],
    encodeSeconds: 1,
  };
}

/** A film as its records and leases report it. @param leases whether each is live */
export function viewOf({
  recorded = [],
  leases = {},
  ...more
}: {
  recorded?: readonly number[];
  leases?: Readonly<Record<number, boolean>>;
  endsIn?: number | undefined;
  status?: SeenLease;
}): FilmView {
  const seen = Object.entries(leases).map(([part, isLive]) => {
    const lease: SeenLease = { key: folder.partLease(Number(part)), etag: `"${part}"`, isLive };
    return [Number(part), lease] as const;
  });
  return { recorded: new Set(recorded), leases: new Map(seen), ...more };
}

/** A store some of whose calls are others. */
export function mapStore(store: Store, calls: Partial<Store>): Store {
  return {
    bucket: store.bucket,
    head: (...given) => store.head(...given),
    readRange: (...given) => store.readRange(...given),
    get: (...given) => store.get(...given),
    put: (...given) => store.put(...given),
    putIf: (...given) => store.putIf(...given),
    putFile: (...given) => store.putFile(...given),
    putHeadLast: (...given) => store.putHeadLast(...given),
    putStream: (...given) => store.putStream(...given),
    list: (...given) => store.list(...given),
    listAll: (...given) => store.listAll(...given),
    remove: (...given) => store.remove(...given),
    removeIf: (...given) => store.removeIf(...given),
    close: () => store.close(),
    ...calls,
  };
}

/** A store whose clock is ahead of when its objects were written, as it is later on. */
export function laterStore(store: Store, aheadSeconds: () => number): Store {
  return mapStore(store, {
    async listAll(...given) {
      const { at, objects } = await store.listAll(...given);
      return { at: new Date(at.getTime() + aheadSeconds() * 1000), objects };
    },
  });
}

/** A worker's way to storage, which takes its time: each call is made whole, some moments later. */
export function slowStore(store: Store, delay: () => Promise<unknown>): Store {
  return mapStore(store, {
    async putIf(...given) {
      await delay();
      return store.putIf(...given);
    },
    async put(...given) {
      await delay();
      await store.put(...given);
    },
    async listAll(...given) {
      await delay();
      return store.listAll(...given);
    },
  });
}

export const folder = new JobFolder('', 'job').plan('aaaaaaaaaaaa');

/** One of a film's workers, without ffmpeg. */
export interface Member extends AsyncDisposable {
  session: SharedSession;
  progress: FilmProgress;
  report: JobReport;
  /** The percentages that it reported. */
  reported: (number | undefined)[];
  /** It is killed: says nothing from now on, and its leases stay where they are. */
  kill(): void;
  /** It is asked to stop. */
  interrupt(): void;
}

export interface MemberOptions
  extends Partial<Pick<SharedSessionOptions, 'messageId' | 'isRepeat' | 'leaseSeconds' | 'early'>> {
  readStatus?: () => Promise<JobState | undefined>;
  intervalMs?: number;
}

let members = 0;

/** Opens a session. Parts are chosen in their order. */
export function openMember(plan: Plan, output: Store, options: MemberOptions = {}): Member {
  const stop = new AbortController();
  let isKilled = false;
  // A process that was killed sends nothing more.
  const alive = mutable(output, () => isKilled);
  const progress = new FilmProgress(plan, () => performance.now() / 1000);
  const reported: (number | undefined)[] = [];
  const sink = {
    transition: () => {},
    progress: (state: JobState) => void reported.push(state.progress?.percent),
  };
  const job = { id: 'job', source: 'a.mp4', requestId: 'r' };
  const { intervalMs = 10, readStatus = async () => undefined, ...rest } = options;
  const report = createReporter({ sinks: [sink], intervalMs }).join(job, running('job'));
  const owner = `worker-${members++}`;
  const session = new SharedSession({
    plan,
    folder,
    output: alive,
    owner,
    messageId: owner,
    isRepeat: false,
    leaseSeconds: 30,
    progress,
    report,
    readStatus,
    log: recordingLogger().log,
    signal: stop.signal,
    random: () => 0,
    ...rest,
  });
  return {
    session,
    progress,
    report,
    reported,
    kill() {
      isKilled = true;
    },
    interrupt: () => stop.abort(new Error('stop')),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** A part that is begun and recorded. */
export function record({ session }: Pick<Member, 'session'>, part: Part, made = recordOf(part)) {
  return session.record(part, made, new AbortController().signal);
}

function mutable(store: Store, isMuted: () => boolean): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) =>
        isMuted() ? new Promise(() => {}) : (value as (...args: unknown[]) => unknown).apply(target, given);
    },
  });
}
