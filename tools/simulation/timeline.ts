interface Event {
  atMs: number;
  /** Events of the same moment happen in the order in which they were planned. */
  order: number;
  happen: () => void | Promise<void>;
}

/** Simulated time: events happen one after another, and the clock jumps from each to the next. */
export class Timeline {
  nowMs = 0;
  private planned = 0;
  private stopped = false;
  /** A binary heap, the next event first. */
  private readonly events: Event[] = [];

  at(atMs: number, happen: Event['happen']): void {
    if (!(atMs >= this.nowMs)) throw new Error(`an event at ${atMs} ms, but it is ${this.nowMs} ms already`);
    this.push({ atMs, order: this.planned++, happen });
  }

  after(ms: number, happen: Event['happen']): void {
    this.at(this.nowMs + ms, happen);
  }

  /** The first time after `phaseMs`. */
  every(ms: number, happen: Event['happen'], phaseMs = 0): void {
    this.after(phaseMs, async () => {
      await happen();
      this.every(ms, happen, ms);
    });
  }

  /** Until nothing is planned any more, the time is over, or an event says `stop`. */
  async run(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    for (let next = this.events[0]; next && next.atMs <= untilMs && !this.stopped; next = this.events[0]) {
      this.pop();
      this.nowMs = next.atMs;
      const doing = next.happen();
      if (doing) await doing;
    }
    if (!this.stopped && Number.isFinite(untilMs)) this.nowMs = untilMs;
  }

  stop(): void {
    this.stopped = true;
  }

  private push(event: Event): void {
    let index = this.events.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, this.events[parent])) break;
      this.events[index] = this.events[parent] as Event;
      index = parent;
    }
    this.events[index] = event;
  }

  private pop(): void {
    const last = this.events.pop();
    if (!last || this.events.length === 0) return;
    let index = 0;
    while (true) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const least = isBefore(this.events[right], this.events[left]) ? right : left;
      if (!isBefore(this.events[least], last)) break;
      this.events[index] = this.events[least] as Event;
      index = least;
    }
    this.events[index] = last;
  }
}

function isBefore(a: Event | undefined, b: Event | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
