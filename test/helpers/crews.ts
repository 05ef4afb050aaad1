import { type Crew, type CrewOptions, joinCrew } from '../../worker/src/film/crew.ts';
import { createFilmProgress, type FilmProgress } from '../../worker/src/film/film-progress.ts';
import type { Part, Plan } from '../../worker/src/plan/plan.ts';
import type { Hand, SeenHand } from '../../worker/src/protocol/hand.ts';
import { JobFolder } from '../../worker/src/protocol/job-folder.ts';
import type { PartRecord } from '../../worker/src/protocol/part-record.ts';
import type { Store } from '../../worker/src/storage/store.ts';
import { shortPlan } from './plans.ts';
import { recordingLogger } from './queue.ts';

/** 30 s of film in fifteen parts of two seconds, and its sound. */
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

/** What a worker that lives has in hand, but for the changes. */
export function handOf(changes: Partial<Hand> = {}): Hand {
  return {
    version: 1,
    messageId: 'another',
    atWork: true,
    seat: 1,
    parts: [],
    assembling: false,
    framesPerSecond: 0,
    publishedBytes: 0,
    publishedSegments: 0,
    ...changes,
  };
}

export function seenHand(changes: Partial<SeenHand> = {}): SeenHand {
  return { key: 'parts/hand-b.json', fresh: true, ...handOf(), ...changes };
}

export const inHand = (...parts: Part[]) => parts.map(({ index }) => ({ part: index, seconds: 0 }));

/** A worker's way to storage, which takes its time: each call is made whole, some moments later. */
export function slowStore(
  store: Store,
  delay: (call: 'put' | 'list', body?: Buffer | string) => Promise<unknown>,
): Store {
  return {
    bucket: store.bucket,
    head: (...given) => store.head(...given),
    readRange: (...given) => store.readRange(...given),
    get: (...given) => store.get(...given),
    putFile: (...given) => store.putFile(...given),
    remove: (...given) => store.remove(...given),
    close: () => store.close(),
    putIf: async (key, body, condition, options) => {
      await delay('put', body);
      return store.putIf(key, body, condition, options);
    },
    listAll: async (...given) => {
      await delay('list');
      return store.listAll(...given);
    },
    async put(key, body, options) {
      await delay('put', body);
      await store.put(key, body, options);
    },
    async *list(...given) {
      await delay('list');
      yield* store.list(...given);
    },
  };
}

export const folder = new JobFolder('', 'job').plan('aaaaaaaaaaaa');

/** One of a film's workers, without ffmpeg. */
export interface Member {
  crew: Crew;
  progress: FilmProgress;
  /** It is lost: says nothing from now on. */
  lose(): void;
}

/** Joins a crew. @returns undefined where another run has the message in hand */
export async function join(
  plan: Plan,
  output: Store,
  options: Partial<Pick<CrewOptions, 'seat' | 'messageId' | 'staleSeconds' | 'onView'>> = {},
): Promise<Member | undefined> {
  const lost = new AbortController();
  const progress = createFilmProgress(plan, [], () => performance.now() / 1000);
  const crew = await joinCrew({
    plan,
    folder,
    output,
    seat: 0,
    messageId: 'm-0',
    staleSeconds: 30,
    progress,
    onView: (view) => progress.merge(view),
    log: recordingLogger().log,
    signal: lost.signal,
    ...options,
  });
  return crew && { crew, progress, lose: () => lost.abort() };
}

/** Makes a part: its record is written. */
export async function record(
  { crew }: { crew: Pick<Crew, 'recorded'> },
  part: Part,
  output: Store,
): Promise<void> {
  const made = recordOf(part);
  const headers = { contentType: 'application/json', cacheControl: 'no-cache' };
  await output.put(folder.record(part.index), JSON.stringify(made), headers);
  crew.recorded(made);
}
