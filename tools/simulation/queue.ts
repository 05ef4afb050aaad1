import { sqs } from './constants.ts';
import type { Film } from './film.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** A job, or a part request. */
export interface Message {
  film: Film;
  kind: 'job' | 'part request';
  state: 'waiting' | 'in flight' | 'gone';
  /** SQS counts it in the queue's attributes. */
  counted: boolean;
  /** Changes with each receive: what held for an earlier one holds no more. */
  receives: number;
}

/** A worker that waits for a message. */
export interface Poll {
  isOpen(): boolean;
  /** There may be a message; false: not for this worker any more. */
  answer(): boolean;
}

/** A standard queue of SQS. Messages come in order here; SQS promises none. */
export class Queue {
  inFlight = 0;
  lastUsedAtMs = Number.NEGATIVE_INFINITY;
  readonly name: string;
  private readonly timeline: Timeline;
  private readonly random: Random;
  private waiting: Message[] = [];
  private uncounted = 0;
  private readonly polls: Poll[] = [];

  private readonly retentionMs: number;

  constructor(name: string, retentionMs: number, timeline: Timeline, random: Random) {
    this.name = name;
    this.retentionMs = retentionMs;
    this.timeline = timeline;
    this.random = random;
  }

  get length(): number {
    return this.waiting.length;
  }

  /** Waiting messages, as the queue's attributes say. */
  get counted(): number {
    return this.waiting.length - this.uncounted;
  }

  send(kind: Message['kind'], film: Film): void {
    this.touch();
    const message: Message = { film, kind, state: 'waiting', counted: false, receives: 0 };
    this.uncounted += 1;
    this.timeline.after(this.random.within(sqs.countedAfter), () => this.count(message));
    this.timeline.after(this.retentionMs, () => this.delete(message));
    this.waiting.push(message);
    this.wake();
  }

  /** @param hiddenMs it comes back after so long; infinite for a worker that renews its hold as long as it lives */
  receive(hiddenMs: number): Message | undefined {
    this.touch();
    const message = this.waiting.shift();
    if (!message) return undefined;
    this.count(message);
    message.state = 'in flight';
    message.receives += 1;
    this.inFlight += 1;
    if (Number.isFinite(hiddenMs)) this.comeBackAfter(message, hiddenMs);
    return message;
  }

  /** Its worker is done with it, or it has waited for too long. */
  delete(message: Message): void {
    if (message.state === 'in flight') this.inFlight -= 1;
    if (message.state === 'waiting') {
      this.count(message);
      this.waiting = this.waiting.filter((other) => other !== message);
    }
    message.state = 'gone';
  }

  /** Visible again at once. */
  giveBack(message: Message): void {
    this.touch();
    this.show(message);
  }

  /** The hold is not renewed any more. */
  comeBackAfter(message: Message, ms: number): void {
    const { receives } = message;
    this.timeline.after(ms, () => {
      if (message.receives === receives) this.show(message);
    });
  }

  /** A long poll. */
  poll(poll: Poll): void {
    this.polls.push(poll);
  }

  /** Any call keeps a queue's metrics fresh. */
  touch(): void {
    this.lastUsedAtMs = this.timeline.nowMs;
  }

  private show(message: Message): void {
    if (message.state !== 'in flight') return;
    message.state = 'waiting';
    this.inFlight -= 1;
    this.waiting.unshift(message);
    this.wake();
  }

  private count(message: Message): void {
    if (message.counted) return;
    message.counted = true;
    this.uncounted -= 1;
  }

  /** One of those that wait hears of it; one that is busy or gone by then passes it on. */
  private wake(): void {
    let poll = this.polls.shift();
    while (poll && !poll.isOpen()) poll = this.polls.shift();
    if (!poll) return;
    const { answer } = poll;
    this.timeline.after(this.random.within(sqs.receive), () => {
      if (!answer()) this.wake();
    });
  }
}
