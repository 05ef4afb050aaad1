import { cloudPoll, film as filmTimes, functionCalls, hourMs, plausible } from './constants.ts';
import type { Range } from './random.ts';
import { Random } from './random.ts';
import { Timeline } from './timeline.ts';
import type { Workload } from './workloads.ts';

/** What calls of a function are like. Sources: constants.ts. */
export interface FunctionTimes {
  name: string;
  /** A new environment: the image, Node, ffmpeg's first answer. */
  coldStart: Range;
  /** Of the measured machine's speed, what a vCPU of Lambda has. */
  speed: number;
  /** Calls that are lost before they end. */
  lost: number;
  topic: Range;
}

export interface FunctionFarm {
  /** Calls at once. */
  maxCalls: number;
  workersPerFilm: number;
  /** Seconds of film in a second of work, with all vCPUs. */
  filmSecondsPerSecond: number;
  /** Seconds of audio of the film in a second of one core. */
  audioSecondsPerSecond: number;
  partSeconds: number;
  /** Of a film's audio, which is one part in short films. */
  audioPartSeconds: number;
}

interface Part {
  kind: 'video' | 'audio';
  workMs: number;
  takenAtMs?: number;
  isDone: boolean;
}

interface MadeFilm {
  seconds: number;
  arrivedAtMs: number;
  encodingStartedAtMs?: number;
  doneAtMs?: number;
}

export interface FunctionRun {
  films: MadeFilm[];
  /** Of all calls, their start included where Lambda bills it. */
  billedSeconds: number;
  /** What the billed seconds go to; the rest is planning, and the planner's wait for the last part. */
  spent: Record<'starts' | Part['kind'], number>;
  calls: number;
  /** At the same moment. */
  maxCalls: number;
}

/** Films made by calls of one function: a call for each job, which calls for parts, and goes on with parts itself. */
export async function simulateFunctions(
  farm: FunctionFarm,
  times: FunctionTimes,
  workload: Pick<Workload, 'films'>,
  seed: number,
): Promise<FunctionRun> {
  const world = new World(farm, times, seed);
  for (const { atMs, seconds } of workload.films) world.timeline.at(atMs, () => world.arrive(seconds));
  await world.timeline.run();
  return world.result();
}

class World {
  readonly timeline = new Timeline();
  readonly #farm: FunctionFarm;
  readonly #times: FunctionTimes;
  readonly #random: Random;
  readonly #films: MadeFilm[] = [];
  readonly #waiting: { isJob: boolean; begin: () => void }[] = [];
  #busy = 0;
  #busyJobs = 0;
  #warm = 0;
  #calls = 0;
  #maxCalls = 0;
  #billedMs = 0;
  readonly #spentMs = { starts: 0, video: 0, audio: 0 };
  /** When the event source began to have work. */
  #pollingSinceMs: number | undefined;

  constructor(farm: FunctionFarm, times: FunctionTimes, seed: number) {
    this.#farm = farm;
    this.#times = times;
    this.#random = new Random(seed);
  }

  result(): FunctionRun {
    const [films, billedSeconds] = [this.#films, this.#billedMs / 1000];
    const { starts, video, audio } = this.#spentMs;
    const spent = { starts: starts / 1000, video: video / 1000, audio: audio / 1000 };
    return { films, billedSeconds, spent, calls: this.#calls, maxCalls: this.#maxCalls };
  }

  arrive(seconds: number): void {
    const film: MadeFilm = { seconds, arrivedAtMs: this.timeline.nowMs };
    this.#films.push(film);
    const delay = this.#random.within(this.#times.topic) + this.#random.within(cloudPoll);
    this.timeline.after(delay, () => {
      this.#pollingSinceMs ??= this.timeline.nowMs;
      this.#call(true, (end) => this.#plan(film, seconds, end));
    });
  }

  /** A call waits while the function is at its limit, or its event source may not call more yet. */
  #call(isJob: boolean, work: (end: () => void) => void): void {
    const begin = () => {
      this.#busy += 1;
      this.#calls += 1;
      this.#maxCalls = Math.max(this.#maxCalls, this.#busy);
      if (isJob) this.#busyJobs += 1;
      const isWarm = this.#warm > 0;
      if (isWarm) this.#warm -= 1;
      const startMs = isWarm ? functionCalls.warmMs : this.#random.within(this.#times.coldStart);
      const billedStartMs = Math.min(startMs, functionCalls.billedStartMs);
      this.timeline.after(startMs, () => {
        const fromMs = this.timeline.nowMs;
        work(() => {
          this.#billedMs += billedStartMs + this.timeline.nowMs - fromMs;
          this.#spentMs.starts += billedStartMs;
          this.#busy -= 1;
          if (isJob) this.#busyJobs -= 1;
          this.#warm += 1;
          this.#beginWaiting();
        });
      });
    };
    this.#waiting.push({ isJob, begin });
    this.#beginWaiting();
  }

  #beginWaiting(): void {
    while (this.#busy < this.#farm.maxCalls) {
      const index = this.#waiting.findIndex(({ isJob }) => !isJob || this.#mayPoll());
      if (index < 0) break;
      this.#waiting.splice(index, 1)[0]?.begin();
    }
    // The event source may call one more soon.
    if (this.#waiting.length > 0 && this.#busy < this.#farm.maxCalls && !this.#isLooking) {
      this.#isLooking = true;
      this.timeline.after(1000, () => {
        this.#isLooking = false;
        this.#beginWaiting();
      });
    }
  }
  #isLooking = false;

  #mayPoll(): boolean {
    const seconds = (this.timeline.nowMs - (this.#pollingSinceMs ?? this.timeline.nowMs)) / 1000;
    return this.#busyJobs < functionCalls.sourceStartsWith + functionCalls.sourceAddsPerSecond * seconds;
  }

  #plan(film: MadeFilm, seconds: number, end: () => void): void {
    const { partSeconds, workersPerFilm } = this.#farm;
    this.timeline.after(this.#random.within(filmTimes.plan), () => {
      const parts = this.#partsOf(seconds, partSeconds);
      const asked = Math.min(workersPerFilm, parts.length) - 1;
      const finish = this.#commit(film, parts);
      for (let nth = 0; nth < asked; nth += 1) {
        const sentMs = (nth / functionCalls.sendsAtOnce) * functionCalls.sendMs;
        this.timeline.after(sentMs + this.#random.within(functionCalls.event), () => {
          // Another call may have made all by now.
          this.#call(false, (ended) => this.#work(film, parts, finish, ended));
        });
      }
      // The planner stays until the film is committed, and takes up what is lost.
      const stay = () => {
        if (film.doneAtMs !== undefined) {
          end();
          return;
        }
        if (freePart(parts, this.timeline.nowMs) !== undefined) this.#work(film, parts, finish, stay);
        else this.timeline.after(functionCalls.lookMs, stay);
      };
      this.#work(film, parts, finish, stay);
    });
  }

  /** The audio first, as it is the longest where it is one part. */
  #partsOf(seconds: number, partSeconds: number): Part[] {
    const { filmSecondsPerSecond, audioSecondsPerSecond, audioPartSeconds } = this.#farm;
    const speed = this.#times.speed;
    const countOf = (length: number) => Math.max(1, Math.floor(seconds / length + 0.5));
    const [count, audioCount] = [countOf(partSeconds), countOf(audioPartSeconds)];
    const video = Array.from({ length: count }, () => {
      const chance = 1 + (2 * this.#random.next() - 1) * functionCalls.partSpread;
      const workMs = 1000 * (seconds / count / filmSecondsPerSecond / speed) * chance;
      return { kind: 'video' as const, workMs, isDone: false };
    });
    // One core of a call.
    const leadSeconds = audioCount > 1 ? functionCalls.audioLeadSeconds : 0;
    const audioSeconds = (seconds / audioCount + leadSeconds) / audioSecondsPerSecond / speed;
    const audio = Array.from({ length: audioCount }, () => ({
      kind: 'audio' as const,
      workMs: 1000 * audioSeconds,
      isDone: false,
    }));
    return [...audio, ...video];
  }

  /** Makes parts until none is free. */
  #work(film: MadeFilm, parts: Part[], finish: () => void, end: () => void): void {
    const part = freePart(parts, this.timeline.nowMs);
    if (part === undefined) {
      end();
      return;
    }
    part.takenAtMs = this.timeline.nowMs;
    const firstFrameMs = this.#random.within(filmTimes.firstFrame);
    film.encodingStartedAtMs ??= this.timeline.nowMs + firstFrameMs;
    const workMs = firstFrameMs + part.workMs;
    if (this.#random.next() < this.#times.lost) {
      // Its lease runs out a while after its end.
      const lostMs = this.#random.next() * workMs;
      this.#spentMs[part.kind] += lostMs;
      part.takenAtMs = this.timeline.nowMs + lostMs;
      this.timeline.after(lostMs, end);
      return;
    }
    part.takenAtMs = Number.POSITIVE_INFINITY;
    this.#spentMs[part.kind] += workMs;
    this.timeline.after(workMs, () => {
      part.isDone = true;
      if (parts.every(({ isDone }) => isDone)) finish();
      this.#work(film, parts, finish, end);
    });
  }

  #commit(film: MadeFilm, parts: readonly Part[]): () => void {
    return () => {
      // Each record is read, many at once.
      const readMs = parts.length * functionCalls.readRecordMs;
      this.timeline.after(readMs + this.#random.within(filmTimes.assemble), () => {
        film.doneAtMs ??= this.timeline.nowMs;
      });
    };
  }
}

/** One that no one makes, or whose lease has run out. */
function freePart(parts: readonly Part[], nowMs: number): Part | undefined {
  return parts.find(
    ({ isDone, takenAtMs }) =>
      !isDone && (takenAtMs === undefined || nowMs - takenAtMs >= functionCalls.leaseMs),
  );
}

/** When Lambda has the image cached, and a vCPU is what the measured core is. */
export const plausibleCalls: FunctionTimes = {
  name: 'plausible',
  coldStart: functionCalls.coldStart,
  speed: 1,
  lost: 0,
  topic: plausible.topic,
};

/** Slow starts, hyperthreads, late events of S3, and a call in a hundred that is lost. */
export const pessimisticCalls: FunctionTimes = {
  name: 'pessimistic',
  coldStart: functionCalls.slowStart,
  speed: 1 / 1.4,
  lost: 0.01,
  topic: { minMs: 2000, maxMs: 20_000 },
};

/** Ten thousand trailers, all within ten minutes. */
export const trailers = (seed: number): Pick<Workload, 'films'> => {
  const random = new Random(seed);
  return {
    films: Array.from({ length: 10_000 }, () => ({
      atMs: random.within({ minMs: 0, maxMs: hourMs / 6 }),
      seconds: 120,
    })),
  };
};
