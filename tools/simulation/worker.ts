import { lookAtShare } from '../../worker/src/film/session/breaks.ts';
import { turnsPerLowest } from '../../worker/src/queue/serving-order.ts';
import { task as constants, film as filmConstants } from './constants.ts';
import type { Film, Part } from './film.ts';
import type { Message, Queue } from './queue.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { WorkerTraits } from './traits.ts';

/** A stretch of work of one worker. */
export interface Work {
  /** Of its instance. */
  machineId: string;
  film: Film;
  /** Undefined: planning or assembling. */
  part?: Part;
  fromMs: number;
  toMs: number;
  useful: boolean;
}

export interface WorkerWorld {
  timeline: Timeline;
  random: Random;
  jobs: Queue;
  /** Carries part requests. */
  parts: Queue;
  /** All lanes, the highest first. @default one, of these two queues */
  lanes?: readonly Lane[];
  traits: WorkerTraits;
  onWork?(work: Work): void;
  onFilmDone(film: Film): void;
}

/** The queues of a priority lane. */
export type Lane = Record<'jobs' | 'parts', Queue>;

/** A message that this worker holds, and where it is from. */
interface Held {
  message: Message;
  queue: Queue;
}

/** What a worker reports to its task. */
export interface WorkerTask {
  protect(on: boolean): void;
  /** Nothing was in the queue. */
  idle(): void;
}

/** The program in a task: takes messages one by one, and sees each to its end. */
export class Worker {
  /** No other worker ever has it. */
  readonly name: string;
  private readonly machineId: string;
  private readonly world: WorkerWorld;
  private readonly task: WorkerTask;
  private alive = true;
  private message?: Held;
  /** Of films that pause for one of a higher lane. */
  private readonly paused: Held[] = [];
  /** Of a higher lane: taken while a part ends. */
  private next?: Held | undefined;
  private readonly lanes: readonly Lane[];
  private turns = 0;
  private working?: { film: Film; part?: Part; fromMs: number };
  /** Counts the times that it began to wait: an answer to an earlier poll is none to this one. */
  private waits = 0;

  constructor(name: string, machineId: string, world: WorkerWorld, task: WorkerTask) {
    this.name = name;
    this.machineId = machineId;
    this.world = world;
    this.task = task;
    this.lanes = world.lanes ?? [world];
  }

  get isBusy(): boolean {
    return this.message !== undefined;
  }

  /** First what is begun, then what is new. */
  poll(): void {
    this.turns += 1;
    const lanes = this.turns % turnsPerLowest === 0 ? this.lanes.toReversed() : this.lanes;
    const queues = queuesOf(lanes);
    const found = this.receive(queues);
    if (found) {
      this.take(found);
      return;
    }
    const wait = ++this.waits;
    const isOpen = () => this.alive && this.message === undefined && this.waits === wait;
    for (const queue of queues) {
      queue.poll({
        isOpen,
        answer: () => {
          if (!isOpen()) return false;
          this.poll();
          return true;
        },
      });
    }
    this.task.idle();
  }

  /** SIGTERM: it is gone when this calls back. */
  stop(cause: 'scaling' | 'spot', onGone: () => void): void {
    const { timeline, random, traits } = this.world;
    this.lose(cause, traits.givesBack ? random.within(constants.release) : traits.visibilityMs);
    timeline.after(random.within(constants.release), onGone);
  }

  /** Without a word. */
  kill(cause: 'scaling' | 'spot'): void {
    this.lose(cause, this.world.traits.visibilityMs);
  }

  private lose(cause: 'scaling' | 'spot', messageBackAfterMs: number): void {
    if (!this.alive) return;
    this.alive = false;
    const { working } = this;
    const held = [this.message, this.next, ...this.paused].filter((each) => each !== undefined);
    if (working) {
      const { film, part } = working;
      this.reportFilm(false);
      // A job that was only just taken is given back before anything was made of it.
      if (cause === 'spot') film.lostToSpot += 1;
      else if (part) film.killedByScaling += 1;
      const free = () => {
        if (part?.takenBy === this.name) part.takenBy = undefined;
        if (film.assembledBy === this.name) film.assembledBy = undefined;
      };
      this.world.timeline.after(messageBackAfterMs, free);
    }
    if (!this.world.traits.holds) return;
    for (const { message, queue } of held) queue.comeBackAfter(message, messageBackAfterMs);
  }

  private receive(queues: readonly Queue[]): Held | undefined {
    const { traits } = this.world;
    const hiddenMs = traits.holds ? Number.POSITIVE_INFINITY : traits.visibilityMs;
    for (const queue of queues) {
      const message = queue.receive(hiddenMs);
      if (message) return { message, queue };
    }
    return undefined;
  }

  private take(held: Held): void {
    this.message = held;
    const { message } = held;
    if (this.world.traits.protects) {
      this.after(this.world.random.within(constants.protect), () => this.task.protect(this.isBusy));
    }
    const { film } = message;
    if (film.doneAtMs !== undefined) {
      this.settle();
      return;
    }
    this.work(film, undefined, this.world.random.within(filmConstants.plan), () => {
      this.sendPartRequests(message);
      this.goOn(film);
    });
  }

  private sendPartRequests({ kind, film }: Message): void {
    const { traits } = this.world;
    const parts = this.lanes[film.lane]?.parts;
    if (!traits.inParts || parts === undefined || kind === 'part request' || film.hasPartRequests) return;
    film.hasPartRequests = true;
    const helpers = Math.min(traits.workersPerFilm, film.left) - 1;
    for (let index = 0; index < helpers; index++) parts.send('part request', film);
  }

  /** The next part, or the end of the film, or nothing more to do for it. */
  private goOn(film: Film): void {
    const higher = this.next;
    if (higher !== undefined && this.message !== undefined) {
      this.next = undefined;
      this.paused.push(this.message);
      this.take(higher);
      return;
    }
    const part = this.world.traits.inParts ? film.nextPart() : film.parts[0];
    if (part) {
      this.makePart(film, part);
    } else if (film.allPartsDone && film.assembledBy === undefined && film.doneAtMs === undefined) {
      this.assemble(film);
    } else {
      this.settle();
    }
  }

  private makePart(film: Film, part: Part): void {
    const { timeline, random, traits } = this.world;
    part.takenBy = this.name;
    this.after(random.within(filmConstants.firstFrame), () => {
      film.encodingStartedAtMs ??= timeline.nowMs;
    });
    this.after(lookAtShare * part.workMs, () => {
      this.next ??= this.receive(queuesOf(this.lanes.slice(0, film.lane)));
    });
    this.work(film, part, part.workMs, () => {
      part.doneAtMs ??= timeline.nowMs;
      // A film that is all made is committed first.
      if (!traits.inParts || (film.allPartsDone && film.assembledBy === undefined)) this.assemble(film);
      else this.goOn(film);
    });
  }

  private assemble(film: Film): void {
    film.assembledBy = this.name;
    this.work(film, undefined, this.world.random.within(filmConstants.assemble), () => {
      film.finishes += 1;
      const isFirst = film.doneAtMs === undefined;
      film.doneAtMs ??= this.world.timeline.nowMs;
      if (isFirst) this.world.onFilmDone(film);
      this.settle();
    });
  }

  private settle(): void {
    if (this.message) this.message.queue.delete(this.message.message);
    this.message = undefined;
    const { next } = this;
    if (next !== undefined) {
      this.next = undefined;
      this.take(next);
      return;
    }
    const paused = this.paused.pop();
    if (paused !== undefined) {
      this.message = paused;
      this.goOn(paused.message.film);
      return;
    }
    if (this.world.traits.protects) {
      this.after(constants.unprotectMs, () => {
        if (!this.isBusy) this.task.protect(false);
      });
    }
    this.poll();
  }

  private work(film: Film, part: Part | undefined, ms: number, onDone: () => void): void {
    this.working = { film, part, fromMs: this.world.timeline.nowMs };
    this.after(ms, () => {
      this.reportFilm(film.finishes === 0);
      this.working = undefined;
      onDone();
    });
  }

  private reportFilm(useful: boolean): void {
    if (!this.working) return;
    const toMs = this.world.timeline.nowMs;
    const { film, fromMs } = this.working;
    if (useful) film.usefulMs += toMs - fromMs;
    else film.wastedMs += toMs - fromMs;
    this.world.onWork?.({ machineId: this.machineId, ...this.working, toMs, useful });
  }

  private after(ms: number, happen: () => void): void {
    this.world.timeline.after(ms, () => {
      if (this.alive) happen();
    });
  }
}

/** Lane by lane, first what is begun, then what is new. */
function queuesOf(lanes: readonly Lane[]): Queue[] {
  return lanes.flatMap(({ parts, jobs }) => [parts, jobs]);
}
